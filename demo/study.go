package demo

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed study.yaml
var studyText []byte

// StudyPath is where in a folder the study of the demo stands.
func StudyPath(dir string) string { return filepath.Join(dir, "observatory.yaml") }

// WriteStudy writes the study of the demo into a folder: what posts of the week
// are matched with.
func WriteStudy(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("demo: write the study: %w", err)
	}
	if err := os.WriteFile(StudyPath(dir), studyText, 0o600); err != nil {
		return fmt.Errorf("demo: write the study: %w", err)
	}
	return nil
}
