// Reads a Dockerfile from standard input as BuildKit does and prints its stages as JSON. It fails, as BuildKit would,
// at what is no Dockerfile, and also at what BuildKit only warns of.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type command struct {
	Name string
	Is   instructions.Command
}

type stage struct {
	Name     string
	Base     string
	Commands []command
}

func main() {
	log.SetFlags(0)
	file, err := parser.Parse(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	warnings := 0
	warn := func(rule, _, _, message string, at []parser.Range) {
		fmt.Fprintln(os.Stderr, rule, message, at)
		warnings++
	}
	stages, _, err := instructions.Parse(file.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		log.Fatal(err)
	}
	if warnings > 0 {
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(plain(stages))
}

func plain(stages []instructions.Stage) []stage {
	plain := []stage{}
	for _, each := range stages {
		commands := []command{}
		for _, found := range each.Commands {
			commands = append(commands, command{found.Name(), found})
		}
		plain = append(plain, stage{each.Name, each.BaseName, commands})
	}
	return plain
}
