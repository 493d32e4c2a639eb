package envelope

import "reflect"

// Quick is what Read tries first. v points to a zero value.
func Quick(buf []byte, v any) bool { return quick(buf, reflect.ValueOf(v).Elem()) }

// Repair is what Unmarshal makes of a body that it can't read.
func Repair(buf []byte) ([]byte, bool) { return repair(buf) }
