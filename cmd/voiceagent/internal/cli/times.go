package cli

import "time"

// zoned are the times of a column.
type zoned struct {
	texts []string
	times []time.Time // zero for what is no time
}

func (z *zoned) add(value string) {
	at, _ := time.Parse(time.RFC3339Nano, value)
	z.texts, z.times = append(z.texts, Printable(value)), append(z.times, at)
}

// cells are the times in the zone of this machine, which is named once if it is the same for all.
func (z *zoned) cells() (cells []string, zone string) {
	zones := make(map[string]bool)
	for _, at := range z.times {
		if !at.IsZero() {
			zone = zoneOf(at)
			zones[zone] = true
		}
	}
	for i, at := range z.times {
		switch {
		case at.IsZero():
			cells = append(cells, z.texts[i])
		case len(zones) == 1:
			cells = append(cells, at.Local().Format("2006-01-02 15:04"))
		default: // summer and winter
			cells = append(cells, at.Local().Format("2006-01-02 15:04 -07:00"))
		}
	}
	if len(zones) != 1 {
		zone = ""
	}
	return cells, zone
}

// zoneOf names the zone of this machine at a time.
func zoneOf(at time.Time) string {
	if _, offset := at.Local().Zone(); offset == 0 {
		return "UTC"
	}
	return at.Local().Format("UTC-07:00")
}

// Local is a time of RFC 3339 in the zone of this machine; another text stays as it is.
func Local(value string) string {
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return value
	}
	return at.Local().Format("2006-01-02 15:04:05 ") + zoneOf(at)
}
