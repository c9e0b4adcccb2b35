// Package quota counts an account's broadcasts before the platform does, so that none is tried in vain,
// none is sent twice by mistake, and everybody knows what is left and when it renews.
//
// WeChat lets a subscription account send one broadcast a day and a service account four a calendar month.
// What is not used lapses. A [Policy] has such limits as data, a [Ledger] counts by one:
//
//	ledger := quota.New(store, appID, quota.ServicePolicy(wechat.Documented))
//	left, err := ledger.Remaining(ctx)
//	fmt.Println(left) // 3 of 4, renews 2027-01-01 00:00 +08:00
//
// # The protocol of a broadcast
//
// A broadcast has an id of its own, which every step names, and every step may be repeated:
//
//  1. [Ledger.Reserve] sets a unit aside in the windows of the planned time. Concurrent reservations
//     never take more than there is, however many processes share the store.
//  2. [Ledger.Doubt] comes before every attempt, durably, before its first byte can leave. It is the gate:
//     if it fails, do not send. From here on the broadcast may have been sent.
//  3. The outcome decides. The platform took it: [Ledger.Commit]. It provably was not sent, or was refused:
//     [Ledger.Release]. Anything else, a timeout or a broken answer, says nothing: leave it in doubt.
//
// A program that dies before step 2 sent nothing, and its reservation lapses 15 minutes after the planned
// time. One that dies later leaves a unit that stays charged until somebody brings evidence. A unit lost is
// cheaper than a broadcast sent twice.
//
// If the platform answers that nothing is left (45028), it knows more than the ledger: [Ledger.Exhausted]
// closes the window. What people send from the platform's console can be told with [Ledger.RecordExternal].
//
// # Windows
//
// Days and calendar months begin at 00:00 at UTC+8 by the clock of the store, never by the caller's. They
// are known by their labels, "2026-02-13" and "2026-02", so a clock that goes back finds the old window as
// full as it was. A broadcast is charged to the window in which the platform takes it: one planned for
// 23:50 and taken at 00:05 moves into the new day. Within two minutes of midnight the platform's clock may
// be on the other side, so a unit must be free on both; [WithoutBoundaryGuard] switches that off.
//
// # Records
//
// The store has one record for each account and month, <appid>/quota/2026-12, with the days in it, without
// ttl: JSON with a line for each reservation, a version and a checksum. It holds what happened, not what a
// policy made of it. A record holds 1,500 reservations: limits bound what is charged, lapsed ones give way,
// and broadcasts that no limit counts would need fifty a day to fill it ([ErrFull]).
//
// An id is known as long as the month it was charged to is looked at: always in its own month, within two
// days on either side of it for a new reservation, and for 13 months to resolve it. Who reserves an id again
// weeks after its month gets a new unit, so a journal of broadcasts belongs beside the ledger.
//
// Without its ledger nothing may be sent: [ErrUnavailable] if the store does not answer, store.ErrCorrupt
// if a record was damaged, store.ErrSchema if another version of this module wrote it. Nothing is guessed.
package quota
