package onefile

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestBundleKeepsScopes(t *testing.T) {
	got, err := bundle(fstest.MapFS{
		"src/main.js": {Data: []byte("import { one as first, two } from './a/x.js';\nimport * as b from './b.js';\nuse(first, two, b.one);\n")},
		"src/a/x.js":  {Data: []byte("import { one } from '../b.js';\nexport { };\n")},
		"src/b.js":    {Data: []byte("export const one = 1;\n")},
	}, "src/main.js")
	if err == nil {
		t.Fatalf("an export list was taken in:\n%s", got)
	}
	got, err = bundle(fstest.MapFS{
		"src/main.js": {Data: []byte("import { one as first, two } from './a/x.js';\nimport * as b from './b.js';\nuse(first, two, b.one);\n")},
		"src/a/x.js":  {Data: []byte("import {\n  one,\n} from '../b.js';\nexport function two() { return one; }\nexport async function later() {}\n")},
		"src/b.js":    {Data: []byte("export const one = 1;\nexport class Two {}\n")},
	}, "src/main.js")
	if err != nil {
		t.Fatal(err)
	}
	order := []string{
		"const module_src_b = (() => {\nconst one = 1;\nclass Two {}\nreturn { one, Two };",
		"const module_src_a_x = (() => {\nconst {\n  one,\n} = module_src_b;",
		"return { two, later };",
		"const { one: first, two } = module_src_a_x;\nconst b = module_src_b;\nuse(first, two, b.one);",
	}
	at := 0
	for _, part := range order {
		i := strings.Index(got[at:], part)
		if i < 0 {
			t.Fatalf("%q is missing or too early in:\n%s", part, got)
		}
		at += i
	}
}

func TestBuildRefuses(t *testing.T) {
	index := "<!doctype html>\nscript-src 'self' style-src 'self' " + styleTag + scriptTag
	for name, files := range map[string]map[string]string{
		"a cycle":                    {"src/main.js": "import { a } from './a.js';\n", "src/a.js": "import { b } from './main.js';\n"},
		"a default export":           {"src/main.js": "export default 1;\n"},
		"an import for effect":       {"src/main.js": "import './a.js';\n", "src/a.js": ""},
		"a missing module":           {"src/main.js": "import { a } from './a.js';\n"},
		"a script that would end":    {"src/main.js": "const a = '</script>';\n"},
		"a style that would end":     {"src/main.js": "", "style.css": "/* </style> */"},
		"an index without a policy":  {"src/main.js": "", "index.html": "<!doctype html>\n" + styleTag + scriptTag},
		"an index with two scripts":  {"src/main.js": "", "index.html": index + scriptTag},
		"an index without its style": {"src/main.js": "", "index.html": strings.ReplaceAll(index, styleTag, "")},
	} {
		t.Run(name, func(t *testing.T) {
			all := fstest.MapFS{"index.html": {Data: []byte(index)}, "style.css": {Data: []byte("p {}")}}
			for file, text := range files {
				all[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if page, err := Build(all); err == nil {
				t.Errorf("built:\n%s", page)
			}
		})
	}
}
