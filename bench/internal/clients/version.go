package clients

import (
	"runtime"
	"runtime/debug"
)

// Version returns the version of a module that this program was linked with, or Go's for "", the
// standard library.
func Version(module string) string {
	if module == "" {
		return runtime.Version()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		switch {
		case dep.Path != module:
		case dep.Replace != nil, dep.Version == "(devel)": // as go.work has it
			return "this checkout"
		default:
			return dep.Version
		}
	}
	return "unknown"
}
