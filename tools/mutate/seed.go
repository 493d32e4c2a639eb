package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// seeder finds the places for mutants in one file, and notes how its text changes. It visits outer
// nodes before inner ones, so that edits nest.
type seeder struct {
	pkg     *loaded
	file    string
	mutants []mutant
	edits   map[int]*edit // by offset
}

// edit is what is written at an offset, and how many bytes are left out there.
type edit struct {
	closing, opening string
	cut              int
}

func (s *seeder) edit(at token.Pos) *edit {
	offset := s.pkg.fset.Position(at).Offset
	if s.edits[offset] == nil {
		s.edits[offset] = &edit{}
	}
	return s.edits[offset]
}

func (s *seeder) apply(source []byte) []byte {
	var out []byte
	done := 0
	for _, offset := range slices.Sorted(maps.Keys(s.edits)) {
		e := s.edits[offset]
		out = append(out, source[done:offset]...)
		out = append(out, e.closing+e.opening...)
		done = offset + e.cut
	}
	return append(out, source[done:]...)
}

// wrap makes a mutant of what stands at n.
func (s *seeder) wrap(n ast.Node, open, closing, what string) {
	id := len(s.mutants) + 1
	s.mutants = append(s.mutants, mutant{id: id, file: s.file, at: s.pkg.fset.Position(n.Pos()), what: what})
	s.edit(n.Pos()).opening += fmt.Sprintf(open, id)
	e := s.edit(n.End())
	e.closing = closing + e.closing
}

func (s *seeder) replace(at token.Pos, length int, text string) {
	e := s.edit(at)
	e.cut, e.opening = length, e.opening+text
}

// function seeds a body. Functions within it are done with their own results.
func (s *seeder) function(signature *types.Signature, body *ast.BlockStmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			s.function(s.pkg.info.Types[n].Type.(*types.Signature), n.Body)
			return false
		case *ast.BlockStmt:
			s.statements(n.List)
		case *ast.CaseClause:
			s.statements(n.Body)
		case *ast.CommClause:
			s.statements(n.Body)
		case *ast.IfStmt:
			s.condition(n.Cond)
		case *ast.ForStmt:
			s.condition(n.Cond)
		case *ast.SwitchStmt:
			for _, clause := range n.Body.List {
				if n.Tag == nil {
					for _, c := range clause.(*ast.CaseClause).List {
						s.condition(c)
					}
				}
			}
		case *ast.ReturnStmt:
			if len(n.Results) == signature.Results().Len() {
				for i, result := range n.Results {
					s.result(signature.Results().At(i).Type(), result)
				}
			}
		case *ast.BinaryExpr:
			s.binary(n)
		case *ast.CallExpr:
			s.builtin(n)
		}
		return true
	})
}

// condition negates. Comparisons, and what && and || join, are negated where they are found.
func (s *seeder) condition(e ast.Expr) {
	switch inner := ast.Unparen(e).(type) {
	case nil:
	case *ast.BinaryExpr:
	default:
		s.wrap(inner, "mutNot(%d, ", ")", "condition negated")
	}
}

var comparisons = map[token.Token]string{token.LSS: "mutLess", token.GTR: "mutMore", token.LEQ: "mutAtMost", token.GEQ: "mutAtLeast"}

var arithmetic = map[token.Token]string{token.ADD: "mutAdd", token.SUB: "mutSub", token.MUL: "mutMul", token.QUO: "mutDiv"}

func (s *seeder) binary(e *ast.BinaryExpr) {
	if s.pkg.info.Types[e].Value != nil {
		return // a constant
	}
	call := func(name string) string { return name + "(%d, " }
	switch e.Op {
	case token.LAND, token.LOR:
		name, what := "mutAnd", "|| for &&"
		if e.Op == token.LOR {
			name, what = "mutOr", "&& for ||"
		}
		s.wrap(e, call(name), ")})", what)
		s.replace(e.OpPos, 2, ", func() bool { return (")
		s.condition(e.X)
		s.condition(e.Y)
	case token.EQL, token.NEQ, token.LSS, token.GTR, token.LEQ, token.GEQ:
		s.wrap(e, call("mutNot"), ")", "condition negated")
		if name := comparisons[e.Op]; name != "" {
			s.wrap(e, call(name), ")", "boundary moved")
			s.replace(e.OpPos, len(e.Op.String()), ",")
		}
	case token.ADD, token.SUB, token.MUL, token.QUO:
		if isNumeric(s.pkg.info.Types[e].Type) {
			s.wrap(e, call(arithmetic[e.Op]), ")", "the opposite of "+e.Op.String())
			s.replace(e.OpPos, 1, ",")
		}
	}
}

func isNumeric(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsNumeric != 0
}

func (s *seeder) builtin(e *ast.CallExpr) {
	name, ok := e.Fun.(*ast.Ident)
	if !ok || len(e.Args) != 2 || (name.Name != "max" && name.Name != "min") || s.pkg.info.Types[e].Value != nil {
		return
	}
	if _, ok := s.pkg.info.Uses[name].(*types.Builtin); ok {
		opposite := map[string]string{"max": "Max", "min": "Min"}[name.Name]
		s.wrap(e, "mut"+opposite+"(%d, ", "", "the opposite of "+name.Name)
		s.replace(e.Pos(), int(e.Lparen-e.Pos())+1, "")
	}
}

// result makes a function return something else.
func (s *seeder) result(t types.Type, e ast.Expr) {
	is := s.pkg.info.Types[e]
	name := types.TypeString(t, func(p *types.Package) string {
		if p.Name() == s.pkg.name {
			return ""
		}
		return p.Name()
	})
	basic, _ := t.Underlying().(*types.Basic)
	literal, _ := e.(*ast.CompositeLit)
	switch {
	case is.IsNil(), literal != nil && len(literal.Elts) == 0:
	case basic != nil && basic.Info()&types.IsBoolean != 0:
		if _, ok := ast.Unparen(e).(*ast.BinaryExpr); !ok {
			s.wrap(e, "mutNot(%d, ", ")", "the opposite returned")
		}
	case is.Value == nil || constant.Sign(orOne(is.Value)) != 0:
		s.wrap(e, "mutZero["+name+"](%d, ", ")", "zero returned")
	case isNumeric(t):
		s.wrap(e, "mutOne["+name+"](%d, ", ")", "1 returned for 0")
	}
}

// orOne makes a number of what is none, for its sign.
func orOne(v constant.Value) constant.Value {
	if v.Kind() == constant.String {
		return constant.MakeInt64(int64(len(constant.StringVal(v))))
	}
	return v
}

// statements leaves out what can be left out without breaking the build. It keeps locks: without
// them a test hangs, if it fails at all.
func (s *seeder) statements(list []ast.Stmt) {
	for _, statement := range list {
		switch n := statement.(type) {
		case *ast.ExprStmt:
			if !isCallOf(n.X, "panic", "Lock", "Unlock") {
				s.leaveOut(n)
			}
		case *ast.DeferStmt:
			if !isCallOf(n.Call, "Lock", "Unlock") {
				s.leaveOut(n)
			}
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE && !isBlank(n.Lhs) {
				s.leaveOut(n)
			}
		case *ast.IncDecStmt, *ast.GoStmt, *ast.SendStmt, *ast.BranchStmt:
			s.leaveOut(n)
		}
	}
}

func (s *seeder) leaveOut(n ast.Stmt) { s.wrap(n, "if !mutant(%d) { ", " }", "statement left out") }

func isBlank(list []ast.Expr) bool {
	return !slices.ContainsFunc(list, func(e ast.Expr) bool {
		name, ok := e.(*ast.Ident)
		return !ok || name.Name != "_"
	})
}

func isCallOf(e ast.Expr, names ...string) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		return slices.Contains(names, fn.Name)
	case *ast.SelectorExpr:
		return slices.Contains(names, fn.Sel.Name)
	}
	return false
}
