package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// stdinName is what rules from standard input are called.
const stdinName = "<stdin>"

// ruleExtension is that of rule files.
const ruleExtension = ".sfsync"

// ruleSet is rule files that belong together, since one plan is made of them.
type ruleSet struct {
	sources []*dsl.Source
	files   []*dsl.File
	schema  *schema.Schema                            // nil when there is none to hold names against
	from    string                                    // where the schema comes from, for a person
	schemas map[string]*schema.Schema                 // by connection, in place of schema
	samples []string                                  // events of the kind that the rules will meet
	file    func(from *dsl.Source, name string) error // why a test's file cannot be read; nil where tests do not matter

	plan        *plan.Plan // nil if there are errors
	diagnostics []dsl.Diagnostic
}

// parse reads the files' trees, once.
func (s *ruleSet) parse() {
	if s.files != nil {
		return
	}
	for _, src := range s.sources {
		file, found := dsl.Parse(src)
		s.files = append(s.files, file)
		s.diagnostics = append(s.diagnostics, found...)
	}
}

// compile compiles the files together.
func (s *ruleSet) compile() {
	s.parse()
	options := plan.Options{Samples: s.samples, File: s.file}
	switch {
	case s.schemas != nil:
		options.Schema = func(connection string) *schema.Schema { return s.schemas[connection] }
	case s.schema != nil:
		options.Schema = func(string) *schema.Schema { return s.schema }
	}
	compiled, found := plan.Compile(s.files, options)
	s.diagnostics = dsl.Sort(append(s.diagnostics, found...))
	if !dsl.HasErrors(s.diagnostics) {
		s.plan = compiled
	}
}

func (s *ruleSet) rules() int {
	n := 0
	for _, f := range s.files {
		n += len(f.Rules)
	}
	return n
}

// callsPer1000 is how many API calls 1,000 events of one trigger take at most.
func (s *ruleSet) callsPer1000() int {
	most := 0
	byTrigger := map[string]int{}
	for _, r := range s.plan.Describe(false).Rules {
		byTrigger[r.Trigger] += r.CallsPer1000
		most = max(most, byTrigger[r.Trigger])
	}
	return most
}

// readRules reads rule files: those named, those in the directories named, and
// standard input for "-".
func (c *console) readRules(paths []string) ([]*dsl.Source, error) {
	if len(paths) == 0 {
		return nil, usagef("name a file (*"+ruleExtension+") or a directory of them", "no rule file is named")
	}
	var sources []*dsl.Source
	seen := map[string]bool{}
	for _, path := range paths {
		if path == "-" {
			src, err := readSource(stdinName, c.in)
			if err != nil {
				return nil, err
			}
			sources = append(sources, src)
			continue
		}
		files, err := ruleFiles(path)
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			if seen[filepath.Clean(name)] {
				continue
			}
			seen[filepath.Clean(name)] = true
			src, err := openSource(name)
			if err != nil {
				return nil, err
			}
			sources = append(sources, src)
		}
	}
	return sources, nil
}

// parseRules reads the trees of rule files. What is wrong with them is for check to say.
func (c *console) parseRules(paths []string) ([]*dsl.File, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	sources, err := c.readRules(paths)
	if err != nil {
		return nil, err
	}
	var files []*dsl.File
	for _, src := range sources {
		f, _ := dsl.Parse(src)
		files = append(files, f)
	}
	return files, nil
}

// ruleFiles returns the file of that name, or the rule files below a directory.
func ruleFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = walkRules(path, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !e.IsDir() && filepath.Ext(name) == ruleExtension:
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	if len(files) == 0 {
		return nil, usagef("", "there are no rule files (*%s) in %s", ruleExtension, path)
	}
	return files, nil
}

// walkRules walks a directory of rules, which may be a link to one, without those in it
// that are hidden.
func walkRules(dir string, visit fs.WalkDirFunc) error {
	root := dir + string(filepath.Separator)
	return filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && name != root && strings.HasPrefix(e.Name(), ".") {
			return fs.SkipDir
		}
		return visit(name, e, err)
	})
}

// folderRules returns the rule files of a directory itself.
func folderRules(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", dir, reason(err))
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ruleExtension {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

func openSource(path string) (*dsl.Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	defer f.Close()
	return readSource(filepath.ToSlash(path), f)
}

func readSource(name string, r io.Reader) (*dsl.Source, error) {
	text, err := io.ReadAll(io.LimitReader(r, dsl.MaxSize+1))
	if err != nil {
		return nil, cannotRead(name, err)
	}
	return dsl.NewSource(name, text), nil
}

// beside returns a directory beside the rule files of a source, or "" if there is none.
func beside(src *dsl.Source, name string) string {
	dir := filepath.Join(filepath.Dir(filepath.FromSlash(src.Path)), name)
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir
	}
	return ""
}

// missingFile says why a file that a test names cannot be read.
func missingFile(from *dsl.Source, name string) error {
	info, err := os.Stat(filepath.FromSlash(ruletest.Beside(from.Path, name)))
	switch {
	case err != nil:
		return errors.New(reason(err))
	case info.IsDir():
		return errors.New("it is a directory")
	}
	return nil
}

// ruleSets reads the rules that a command names, and groups them by the schema they
// are checked against: the one given, or else the directory `schema` beside each file.
func (c *console) ruleSets(ctx *cli.Context) ([]*ruleSet, error) {
	sources, err := c.readRules(ctx.Args().Slice())
	if err != nil {
		return nil, err
	}
	return setsOf(ctx, sources)
}

// setsOf groups rules by the schema they are checked against.
func setsOf(ctx *cli.Context, sources []*dsl.Source) ([]*ruleSet, error) {
	given, from, err := givenSchema(ctx)
	if err != nil {
		return nil, err
	}
	if given != nil {
		return []*ruleSet{{sources: sources, schema: given, from: from, file: missingFile}}, nil
	}
	byDir := map[string]*ruleSet{}
	var sets []*ruleSet
	for _, src := range sources {
		dir := beside(src, "schema")
		set := byDir[dir]
		if set == nil {
			set = &ruleSet{from: dir, file: missingFile}
			if dir != "" {
				if set.schema, err = readSchema(dir); err != nil {
					return nil, err
				}
			}
			byDir[dir] = set
			sets = append(sets, set)
		}
		set.sources = append(set.sources, src)
	}
	return sets, nil
}

// diagnosticsOf gathers the diagnostics of sets in the order of their files.
func diagnosticsOf(sets []*ruleSet) []dsl.Diagnostic {
	var all [][]dsl.Diagnostic
	for _, s := range sets {
		all = append(all, s.diagnostics)
	}
	return slices.Concat(all...)
}
