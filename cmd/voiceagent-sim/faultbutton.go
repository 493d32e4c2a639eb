package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const (
	maxFaultBody = 4 << 10
	// maxFaults bounds what buttons can add: each request looks at every fault.
	maxFaults = 100
)

// faultWish is what a button or the form sends.
type faultWish struct {
	Fault string  `json:"fault"` // in the form of a -fail flag
	Share float64 `json:"share"` // of the matching requests, above 0 and up to 1; 0 is all of them
}

func (d *dashboard) addFault(w http.ResponseWriter, r *http.Request) {
	var wish faultWish
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxFaultBody))
	in.DisallowUnknownFields()
	if err := in.Decode(&wish); err != nil {
		refuse(w, http.StatusBadRequest, `the body must be JSON such as {"fault": "POST /call:503x2"}: `+err.Error())
		return
	}
	f, err := parseFault(wish.Fault)
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("%q is no fault: %v. Write, for example, POST /call:503x2", wish.Fault, err))
		return
	}
	if !(wish.Share >= 0 && wish.Share <= 1) {
		refuse(w, http.StatusBadRequest, "share must be from 0 to 1: 0.1 is every tenth request")
		return
	}
	if len(d.inside.Faults()) >= maxFaults {
		refuse(w, http.StatusConflict, fmt.Sprintf("%d faults are in force, which is the most: clear them first", maxFaults))
		return
	}
	f.Rate = wish.Share
	d.sim.Fail(f)
	answer(w, http.StatusOK, map[string]faultView{"added": viewFault(f)})
}

func (d *dashboard) clearFaults(w http.ResponseWriter, _ *http.Request) {
	cleared := len(d.inside.Faults())
	d.sim.ClearFaults()
	answer(w, http.StatusOK, map[string]int{"cleared": cleared})
}

func viewFault(f voiceagenttest.Fault) faultView {
	return faultView{f.Method, f.Route, f.Kind, f.Status, f.Times, f.Rate}
}
