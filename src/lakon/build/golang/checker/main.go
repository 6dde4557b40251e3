// Checker finds handlers that lambda.Start would refuse when the program starts. It reads packages and the export data of
// all that they import, as `go list -export` tells of them, from standard input, and writes what is wrong as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
)

type input struct {
	Packages []struct {
		ImportPath string
		Files      []string
	}
	Exports map[string]string // file by import path
}

// Mistake is one handler that cannot be. File and line are where it stands.
type mistake struct {
	File       string
	Line       int
	What, Hint string

	unregistered bool // it is one only where no handler is registered by name
}

func main() {
	var given input
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	found := []mistake{}
	files := token.NewFileSet()
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(given.Exports[path])
	})
	registers := false
	for _, each := range given.Packages {
		more, registered := check(files, imports, each.ImportPath, each.Files)
		found = append(found, more...)
		registers = registers || registered
	}
	if registers {
		found = slices.DeleteFunc(found, func(m mistake) bool { return m.unregistered })
	}
	json.NewEncoder(os.Stdout).Encode(found)
}

// check looks at one package, and says whether it registers handlers. What the compiler says of it is not repeated.
func check(files *token.FileSet, imports types.Importer, path string, names []string) (found []mistake, registers bool) {
	var parsed []*ast.File
	for _, name := range names {
		if file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution|parser.ParseComments); err == nil {
			parsed = append(parsed, file)
		}
	}
	info := &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
	}
	config := types.Config{Importer: imports, Error: func(error) {}, FakeImportC: true}
	pkg, _ := config.Check(path, files, parsed, info)
	never := unset(parsed, info, pkg)
	for _, used := range info.Uses {
		function, ok := used.(*types.Func)
		registers = registers || ok && function.Pkg() != nil && function.Pkg().Path() == ours && function.Name() == "Register"
	}
	for _, file := range parsed {
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				if wrong := checkCall(call, info, never); wrong != nil {
					place := files.Position(placeOf(wrong.argument, info))
					found = append(found, mistake{place.Filename, place.Line, wrong.what, wrong.hint, wrong.unregistered})
				}
			}
			return true
		})
	}
	return found, registers
}

// placeOf is where a handler stands: where it is declared when it goes by a name.
func placeOf(argument ast.Expr, info *types.Info) token.Pos {
	if name, ok := argument.(*ast.Ident); ok {
		if function, ok := info.Uses[name].(*types.Func); ok && function.Pos().IsValid() {
			return function.Pos()
		}
	}
	return argument.Pos()
}

type refusal struct {
	argument     ast.Expr
	what, hint   string
	unregistered bool
}

const ours = "github.com/lakon/lakon-go/lambda"

// handlerArguments says which argument of a function is a handler of any type, by the package's path and its name.
var handlerArguments = map[string]map[string]int{
	"github.com/aws/aws-lambda-go/lambda": {"Start": 0, "StartWithOptions": 0, "StartWithContext": 1, "NewHandler": 0},
	ours:                                  {"Start": 0, "StartWithOptions": 0, "StartWithContext": 1, "Register": 1},
	"github.com/lakon/lakon-go/shim":      {"Start": 0},
}

func checkCall(call *ast.CallExpr, info *types.Info, never map[types.Object]bool) *refusal {
	function := callee(call, info)
	if function == nil || function.Pkg() == nil {
		return nil
	}
	index, ok := handlerArguments[function.Pkg().Path()][function.Name()]
	if !ok || index >= len(call.Args) {
		return nil
	}
	argument := call.Args[index]
	given, ok := info.Types[argument]
	if !ok || given.Type == nil {
		return nil
	}
	if isNil(argument, info, never) {
		if _, ok := given.Type.Underlying().(*types.Signature); ok {
			return &refusal{argument, "the handler is a nil " + short(given.Type), "give it a value before this call", false}
		}
		return &refusal{argument, "the handler is nil", write, function.Pkg().Path() == ours && function.Name() != "Register"}
	}
	old := function.Pkg().Path() == "github.com/lakon/lakon-go/shim"
	if what, hint := wrong(given.Type, old); what != "" {
		return &refusal{argument, what, hint, false}
	}
	return nil
}

// isNil says whether a handler is nil in every run: by its word, converted, or a variable that never gets a value.
func isNil(argument ast.Expr, info *types.Info, never map[types.Object]bool) bool {
	switch given := unparen(argument).(type) {
	case *ast.CallExpr:
		return info.Types[given.Fun].IsType() && len(given.Args) == 1 && isNil(given.Args[0], info, never)
	case *ast.Ident:
		variable := info.Uses[given]
		if variable != nil && never[variable] {
			_, isFunction := variable.Type().Underlying().(*types.Signature)
			return isFunction || types.IsInterface(variable.Type())
		}
	}
	return info.Types[argument].IsNil()
}

func callee(call *ast.CallExpr, info *types.Info) *types.Func {
	var name *ast.Ident
	switch function := unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		name = function.Sel
	case *ast.Ident:
		name = function
	default:
		return nil
	}
	function, _ := info.Uses[name].(*types.Func)
	return function
}

func unparen(expression ast.Expr) ast.Expr {
	for {
		inside, ok := expression.(*ast.ParenExpr)
		if !ok {
			return expression
		}
		expression = inside.X
	}
}

const write = "write func(ctx context.Context, event Event) (Answer, error); each of the four parts may be left out, but an " +
	"answer is never without an error"

// wrong says what is the matter with a handler's type, and what to write instead. Of old, the event came first.
func wrong(given types.Type, old bool) (what, hint string) {
	if hasInvoke(given) {
		return "", ""
	}
	switch of := given.Underlying().(type) {
	case *types.Interface:
		return "", "" // only the running program knows
	case *types.Signature:
		if of.Variadic() {
			return "the handler takes any number of parameters", "it takes a context and an event: a slice, perhaps"
		}
		if what, hint = wrongParameters(of.Params(), old); what != "" {
			return what, hint
		}
		return wrongResults(of.Results())
	}
	return fmt.Sprintf("the handler is %s, not a function", a(given)), write
}

func wrongParameters(taken *types.Tuple, old bool) (what, hint string) {
	if taken.Len() > 2 {
		return fmt.Sprintf("the handler takes %d parameters", taken.Len()),
			"it takes a context and an event: func(ctx context.Context, event Event)"
	}
	for i := 0; i < taken.Len(); i++ {
		of := taken.At(i).Type()
		switch of.Underlying().(type) {
		case *types.Chan, *types.Signature:
			return fmt.Sprintf("the handler takes %s, which JSON cannot be read into", a(of)),
				"take a struct, a map, or json.RawMessage for the event as it is"
		}
	}
	if taken.Len() < 2 || isContext(taken.At(0).Type()) {
		return "", ""
	}
	second := taken.At(1).Type()
	if !old {
		return fmt.Sprintf("the handler takes %s before the event", a(taken.At(0).Type())),
			"of two parameters the first is a context.Context: func(ctx context.Context, event Event)"
	}
	if pointer, ok := second.Underlying().(*types.Pointer); ok {
		if _, ok := pointer.Elem().Underlying().(*types.Struct); ok {
			return "", ""
		}
	}
	if isContext(second) {
		return "", ""
	}
	return fmt.Sprintf("Handle takes %s after the event", a(second)),
		"write func Handle(event Event, ctx context.Context) (Answer, error), or take a *shim.Context"
}

func wrongResults(given *types.Tuple) (what, hint string) {
	count := given.Len()
	if count > 2 {
		return fmt.Sprintf("the handler gives %d results", count), "it gives an answer and an error: (Answer, error)"
	}
	if count > 0 && !types.Implements(given.At(count-1).Type(), errorType()) {
		last := short(given.At(count - 1).Type())
		if count == 1 {
			return "the handler gives only " + a(given.At(0).Type()), fmt.Sprintf("give an error, too: (%s, error)", last)
		}
		return fmt.Sprintf("the handler gives %s where an error is expected", a(given.At(1).Type())), "the second result is an error"
	}
	if count == 2 {
		switch of := given.At(0).Type(); of.Underlying().(type) {
		case *types.Chan, *types.Signature:
			return fmt.Sprintf("the handler answers with %s, which cannot be JSON", a(of)),
				"answer with a struct, a map, bytes, or an io.Reader"
		}
	}
	return "", ""
}

func errorType() *types.Interface {
	return types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
}

func isContext(of types.Type) bool {
	if named, ok := of.(*types.Named); ok {
		if pkg := named.Obj().Pkg(); pkg != nil && pkg.Path() == "context" && named.Obj().Name() == "Context" {
			return true
		}
	}
	method, _, _ := types.LookupFieldOrMethod(of, true, nil, "Deadline")
	done, _, _ := types.LookupFieldOrMethod(of, true, nil, "Done")
	return method != nil && done != nil
}

// hasInvoke says whether a value is a lambda.Handler.
func hasInvoke(of types.Type) bool {
	method, _, _ := types.LookupFieldOrMethod(of, false, nil, "Invoke")
	function, ok := method.(*types.Func)
	if !ok {
		return false
	}
	of = function.Type()
	signature := of.(*types.Signature)
	return signature.Params().Len() == 2 && signature.Results().Len() == 2
}

// a names a type behind its article.
func a(of types.Type) string {
	name := short(of)
	if strings.ContainsAny(name[:1], "aeio") {
		return "an " + name
	}
	return "a " + name
}

func short(of types.Type) string {
	return types.TypeString(of, func(pkg *types.Package) string { return pkg.Name() })
}
