// Package broadcast sends to all followers of an account, or to those with a tag, and sends once whatever
// happens: a lost answer, a crash, a second process, a second click.
//
//	client := broadcast.New(c, broadcast.WithLedger(ledger))
//	job, err := client.Send(ctx, broadcast.Message{
//		Key: "2026-12-01/launch", To: broadcast.ToTag(2), Content: broadcast.Text{Content: "…"},
//	})
//	if errors.Is(err, wechat.ErrOutcomeUnknown) {
//		job, err = client.Wait(ctx, "2026-12-01/launch") // settles it without sending twice
//	}
//
// # Once
//
// A [Message] has a Key, and the Key makes the broadcast one. The job of a Key is in the client's store
// before the first byte leaves, and its outcome before Send returns; a second Send finds it. Whatever is
// needed to go on after a crash is there too, the request included. A program begins with
//
//	for job, err := range client.Jobs(ctx) {
//		if err == nil {
//			job, err = client.Resume(ctx, job.Key)
//		}
//		…
//	}
//
// in any number of processes. The Key also becomes the request's clientmsgid, by which the platform itself
// refuses a repeat for 24 hours, so that even the loss of the store does not send twice at once; and a
// ledger that knows a broadcast whose job is gone keeps it from being sent anew.
//
// # Unknown
//
// Where the answer to a request is lost nobody can tell whether it was carried out. Such a job is Unknown:
// not failed, not accepted, its quota charged. It is settled by the same request with the same key, at the
// earliest 65 seconds after the last attempt (twice as long after each that settles nothing, up to 35
// minutes) and at the latest 23 hours after the first: the platform then names the earlier broadcast
// (45065), which counts only if no other job has its msg_id and the platform knows it; or it accepts this
// one, since it never got the first. Whatever else it says tells nothing. After that a person has to look
// into the console and [Client.Decide].
//
// # Not sent
//
// A broadcast of which provably nothing was carried out is Released where the reason may pass (the address,
// the token, a limit, the quota), and the same Key can be sent again; it is Failed where the platform
// refuses what it says, and a corrected one needs another Key.
//
// # What is checked, in which order
//
// Permission, content, media, quota; only then the network. [Message.Validate] needs neither store nor
// network; [Client.Preflight] reads the store and lists everything that would stop the broadcast. What is
// refused spends nothing.
//
// # What it relies on
//
// The store's contract, its clock (one that is set back by more than half an hour while a broadcast is
// Unknown asks for an operator), and that the platform checks content, permission and quota before it makes
// a broadcast. Two programs that share an account and no store are kept apart by the clientmsgid alone, as
// long as they use the same Keys for the same broadcasts.
package broadcast
