package dial

import (
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// check has the settings checked that all campaigns have in common.
func (o Options) check(params voiceagent.CampaignCreateParams) error {
	if o.Check == nil {
		return nil
	}
	params.Contacts = []voiceagent.Contact{{params.PhoneColumn: params.From}} // the reader checks those of the file
	return o.Check(params)
}

// checkEarly checks the settings before the file is read. It leaves out the time of the schedule,
// which may be over in a run that goes on, and the calls at a time, which the campaigns divide.
func (o Options) checkEarly(params voiceagent.CampaignCreateParams) error {
	params.ScheduleAt, params.MaxConcurrentCalls = time.Time{}, 0
	return o.check(params)
}

// mayRun refuses a run that can't be carried out as the plan says.
func (r *run) mayRun() error {
	s, all := r.state, len(r.plan.digests)
	if s.concurrencyIsEach {
		r.say("NOTE: this run was begun when --concurrency was that of each campaign, and goes on so\n")
	} else if err := r.plan.checkConcurrency(r.o.Campaign.MaxConcurrentCalls); err != nil {
		return err
	}
	begun := s.made + s.open // they are made in order
	if begun == all && len(r.o.NotMade) == 0 {
		return nil
	}
	err := r.o.check(r.plan.params)
	if err == nil || begun == 0 || begun == all {
		return err
	}
	return fmt.Errorf("%w\nCampaign %d of %d, whose first contact is on line %d, isn't made yet. Put the header and the rows from there on into a file of their own, "+
		"and call them with a --schedule to come", err, begun+1, all, r.plan.starts[begun])
}
