package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// unset gives the variables of a package that are declared without a value and never get one: no assignment names them,
// nothing takes their address, and no other package can reach them.
func unset(files []*ast.File, info *types.Info, pkg *types.Package) map[types.Object]bool {
	found := map[types.Object]bool{}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					variable, ok := info.Defs[name].(*types.Var)
					given := len(spec.Values) > 0 && !(len(spec.Values) == len(spec.Names) && info.Types[spec.Values[i]].IsNil())
					if ok && !given && (pkg.Name() == "main" || !name.IsExported()) {
						found[variable] = true
					}
				}
			}
			return true
		})
	}
	set := func(expression ast.Expr) {
		if name, ok := unparen(expression).(*ast.Ident); ok {
			delete(found, info.Uses[name])
		}
	}
	for _, file := range files {
		for _, group := range file.Comments {
			for _, comment := range group.List {
				forget(found, comment.Text)
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.AssignStmt:
				for _, left := range node.Lhs {
					set(left)
				}
			case *ast.RangeStmt:
				set(node.Key)
				set(node.Value)
			case *ast.UnaryExpr:
				if node.Op == token.AND {
					set(node.X)
				}
			case *ast.SelectorExpr:
				if at, ok := info.Types[node.X]; ok && at.IsValue() && !types.IsInterface(at.Type) {
					set(node.X) // a method may take its address
				}
			}
			return true
		})
	}
	return found
}

// forget leaves out what a `//go:linkname` gives to others.
func forget(found map[types.Object]bool, comment string) {
	words := strings.Fields(comment)
	if len(words) < 2 || words[0] != "//go:linkname" {
		return
	}
	for variable := range found {
		if variable.Name() == words[1] {
			delete(found, variable)
		}
	}
}
