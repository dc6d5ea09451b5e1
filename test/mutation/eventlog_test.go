package mutation

import "testing"

const (
	eventlog = "internal/eventlog"
	broker   = "internal/eventlog/broker"
)

// The faults that logs are known for.
func TestFaultsOfTheLogAreNoticed(t *testing.T) {
	t.Parallel()
	hold(t, append(consumerFaults(), append(producerFaults(), brokerFaults()...)...))
}

func consumerFaults() []mutation {
	return []mutation{
		{
			fault: "commit before the handler made it durable",
			edits: []edit{{eventlog + "/reader.go", "	b := &r.batch\n", "	b := &r.batch\n	if err := r.commit(b.Next); err != nil {\n		return \"commit\", err\n	}\n"}},
			pkg:   eventlog, test: "TestConsumer_CommitsOnlyWhatIsDurable",
		},
		{
			fault: "commit through a generation in which the batch was not read",
			edits: []edit{
				{eventlog + "/consumer.go", "	client  *kafka.Client // Finds topics and leaders.\n", "	client  *kafka.Client\n	latest  atomic.Pointer[kafka.Generation]\n"},
				{eventlog + "/consumer.go", "	\"fmt\"\n", "	\"fmt\"\n	\"sync/atomic\"\n"},
				{eventlog + "/consumer.go", "	partitions := 0\n", "	partitions := 0\n	c.latest.Store(gen)\n"},
				{eventlog + "/consumer.go", "				r.run(ctx)\n", "				done := make(chan struct{})\n				go func() { defer close(done); r.run(ctx) }()\n				select {\n				case <-done:\n				case <-ctx.Done():\n				}\n"},
				{eventlog + "/reader.go", "r.gen.CommitOffsets(offsets)", "r.c.latest.Load().CommitOffsets(offsets)"},
			},
			pkg: eventlog, test: "TestConsumer_AFormerOwnerDoesNotRewindTheGroup",
		},
		{
			fault: "go on after the batch that a handler refused",
			edits: []edit{{eventlog + "/reader.go", "		r.rewind()\n		return \"handle\", err\n", "		return \"handle\", err\n"}},
			pkg:   eventlog, test: "TestConsumer_AFailedBatchComesAgainWhole",
		},
		{
			fault: "skip in silence what retention removed while the reader was away",
			edits: []edit{{eventlog + "/position.go", "		r.declare(r.next, start)\n", ""}},
			pkg:   eventlog, test: "TestConformance_EmbeddedBroker/retention_passes_a_lagging_reader",
		},
		{
			fault: "skip in silence what was removed before the group began",
			edits: []edit{{eventlog + "/position.go", "		r.declare(0, start)\n", ""}},
			pkg:   eventlog, test: "TestConsumer_ANewGroupLearnsWhatWasRemovedBeforeIt",
		},
		{
			fault: "skip a hole in the log in silence",
			edits: []edit{{eventlog + "/reader.go", "			r.declare(r.next, h.Base)\n", ""}},
			pkg:   eventlog, test: "TestReader_AHoleInTheLogEndsABatchAndIsDeclared",
		},
		{
			fault: "do not compare checksums",
			edits: []edit{{eventlog + "/wire/decode.go", "sum != want {", "sum != want && want == 0 {"}},
			pkg:   eventlog, test: "TestReader_DamageIsAnErrorAndNothingIsSkipped",
		},
		{
			fault: "a buffer for each small batch",
			edits: []edit{{eventlog + "/reader.go", "r.buffers.cut", "r.buffers.get"}},
			pkg:   eventlog, test: "TestReader_SmallBatchesTakeLittleMemory",
		},
	}
}

func producerFaults() []mutation {
	const lost = "TestAppend_ABatchThatIsStoredIsNotStoredAgain"
	return []mutation{
		{
			fault: "ask for no acknowledgement",
			edits: []edit{
				{eventlog + "/session.go", "kafka.RequireAll", "kafka.RequireNone"},
				{eventlog + "/session.go", "	case res.Error != nil:\n", "	case res == nil:\n		return 0, nil\n	case res.Error != nil:\n"},
			},
			pkg: eventlog, test: "TestAppend_AsksForTheWordOfAllReplicas",
		},
		{
			fault: "ask for the leader's acknowledgement alone",
			edits: []edit{{eventlog + "/session.go", "kafka.RequireAll", "kafka.RequireOne"}},
			pkg:   eventlog, test: "TestAppend_AsksForTheWordOfAllReplicas",
		},
		{
			fault: "send again under the next sequence number",
			edits: []edit{{eventlog + "/sender.go", "		s.note(flt)\n", "		s.note(flt)\n		s.session.next += int32(f.count)\n"}},
			pkg:   eventlog, test: lost,
		},
		{
			fault: "send again as another producer",
			edits: []edit{{eventlog + "/sender.go", "		s.note(flt)\n", "		s.note(flt)\n		s.session = session{id: -1, invalid: true}\n"}},
			pkg:   eventlog, test: lost,
		},
		{
			fault: "use the sequence numbers of a batch that was given up for the next",
			edits: []edit{{eventlog + "/sender.go", "	s.session.invalid = true\n", ""}},
			pkg:   eventlog, test: "TestAppend_WhatFollowsAGivenUpBatchIsNotLost",
		},
		{
			fault: "buffer without a bound",
			edits: []edit{{eventlog + "/producer.go", "	if err := p.room.Acquire(ctx, size); err != nil {\n", "	size = 0\n	if err := p.room.Acquire(ctx, size); err != nil {\n"}},
			pkg:   eventlog, test: "TestAppend_BlocksWhileTooMuchIsBuffered",
		},
	}
}

func brokerFaults() []mutation {
	return []mutation{
		{
			fault: "remove what a protected group has not read",
			edits: []edit{{broker + "/retention.go", " || end > unread {", " {"}},
			pkg:   broker, test: "TestRetentionSparesTheUnread",
		},
		{
			fault: "forget what producers sent before a kill",
			edits: []edit{{broker + "/recover.go", "	p.remember(h)\n", ""}},
			pkg:   broker, test: "TestServe_AfterAKillABatchSentAgainIsStoredOnce",
		},
		{
			fault: "leave the torn end of what groups committed",
			edits: []edit{{broker + "/recover.go", "	if err := cutTorn(", "	if err := error(nil); err != nil {\n		return err\n	}\n	if err := cutNothing("}, {broker + "/entries.go", "// intactEntries", "func cutNothing(string, *zap.Logger) error { return nil }\n\n// intactEntries"}},
			pkg:   broker, test: "TestServe_TornCommitsAreCutOff",
		},
		{
			fault: "begin anew over a log without its state",
			edits: []edit{{broker + "/recover.go", "err != nil && len(entries) > 0 {", "err != nil && len(entries) < 0 {"}},
			pkg:   broker, test: "TestServe_WithoutItsStateTheLogIsNotBegunAnew",
		},
		{
			fault: "pass over damage in the middle of the log",
			edits: []edit{{broker + "/recover.go", "if !last || intactAfter(b[pos+1:], p.next) {", "if !last && false {"}},
			pkg:   broker, test: "TestServe_DamageInTheMiddleIsNotPassedOver",
		},
		{
			fault: "answer after a failed write",
			edits: []edit{{broker + "/broker.go", "		select {}\n", ""}},
			pkg:   broker, test: "TestDiskWatchHoldsTheServerStill",
		},
		{
			fault: "take appends when the disk is full",
			edits: []edit{{broker + "/gate.go", "	if g.full() {\n", "	if g.full() && false {\n"}},
			pkg:   eventlog, test: "TestEmbeddedBroker_FullDiskPasses",
		},
		{
			fault: "believe the times of an archive",
			edits: []edit{{broker + "/gate.go", "				wire.Restamp(b[:h.Size], now)\n", "				_ = now\n"}},
			pkg:   eventlog, test: "TestConformance_EmbeddedBroker/archives_of_2014_between_live_batches",
		},
		{
			fault: "let a second broker serve the directory",
			edits: []edit{{broker + "/broker.go", "unix.LOCK_EX|unix.LOCK_NB", "unix.LOCK_SH|unix.LOCK_NB"}},
			pkg:   broker, test: "TestServe_SecondBrokerOnADirectoryIsRefused",
		},
		{
			fault: "take any size that a stranger announces",
			edits: []edit{{broker + "/guard.go", "size < 10 || size > maxRequest", "size < 10 && size > maxRequest"}},
			pkg:   broker, test: "TestGuardRefusesWhatWouldHurt",
		},
	}
}
