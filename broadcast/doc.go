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
// needed to go on after a crash is there too: [Client.Resume] takes any job to its end, in any process.
//
// The Key also becomes the request's clientmsgid, by which the platform itself refuses a repeat for 24
// hours, so that even the loss of the store does not send twice.
//
// # Unknown
//
// Where the answer to a request is lost nobody can tell whether it was carried out. Such a job is Unknown:
// not failed, not accepted, its quota charged. It is settled by the same request with the same key, at the
// earliest 65 seconds after the last attempt and at the latest 23 hours after the first: the platform then
// names the earlier broadcast (45065), which counts only if no other job has its msg_id and the platform
// knows it; or it accepts this one, since it never got the first. After that a person has to look into the
// console and [Client.Decide].
//
// # What is checked, in which order
//
// Permission, content, media, quota; only then the network. [Message.Validate] needs neither store nor
// network; [Client.Preflight] reads the store and lists everything that would stop the broadcast. What is
// refused spends nothing.
package broadcast
