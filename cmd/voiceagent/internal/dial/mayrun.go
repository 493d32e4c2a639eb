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
	if r.state.concurrencyIsEach {
		r.say("NOTE: this run was begun when --concurrency was that of each campaign, and goes on so\n")
	} else if err := r.plan.checkConcurrency(r.o.Campaign.MaxConcurrentCalls); err != nil {
		return err
	}
	return r.checkSchedule()
}

// makingTime is how long a campaign may take to be made: its contacts have to be sent, and the rate
// limit may be waited for.
const makingTime = 5 * time.Second

// checkSchedule has the campaigns checked that are to be made. Those of a run that goes on may be
// made already, and then their time may be over.
func (r *run) checkSchedule() error {
	s, all := r.state, len(r.plan.digests)
	begun := s.made + s.open // they are made in order
	if begun == all && len(r.o.NotMade) == 0 {
		return nil
	}
	err := r.o.check(r.plan.params)
	if at := r.plan.params.ScheduleAt; err == nil && !at.IsZero() && all-begun > 1 {
		if least := time.Duration(all-begun) * makingTime; time.Until(at) < least {
			err = badInput("--schedule: %s is too near: %d campaigns are to be made before, which may take %v", at.Format(time.RFC3339), all-begun, least)
		}
	}
	if err == nil || begun == 0 || begun == all {
		return err
	}
	return fmt.Errorf("%w\nCampaign %d of %d, whose first contact is on line %d, isn't made yet. Put the header and the rows from there on into a file of their own, "+
		"and call them with a --schedule to come", err, begun+1, all, r.plan.starts[begun])
}
