package demo

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed study.yaml lists/*.yaml
var studyFiles embed.FS

// StudyPath is where in a folder the study of the demo stands.
func StudyPath(dir string) string { return filepath.Join(dir, "observatory.yaml") }

// WriteStudy writes the study of the demo into a folder: what posts of the week
// are matched with, and the lists by which sources are rated.
func WriteStudy(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("demo: write the study: %w", err)
	}
	for from, to := range map[string]string{
		"study.yaml": StudyPath(dir), "lists/demo-list.yaml": filepath.Join(dir, "demo-list.yaml"), "lists/demo-second.yaml": filepath.Join(dir, "demo-second.yaml"),
	} {
		text, err := studyFiles.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("demo: write the study: %w", err)
		}
	}
	return nil
}
