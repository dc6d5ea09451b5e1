package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

const (
	keyBytes = 32
	studyKey = "study.key"
)

// StudyKey is the key under which the study's pseudonyms are made; it is made
// when there is none yet. It lies in keys/study.key in hexadecimal. Whoever has
// it can recognise accounts that they know; whoever loses it can make no
// pseudonym of the study again.
func (l *Lock) StudyKey() ([]byte, error) {
	text, err := l.secret(studyKey, keyBytes)
	if err != nil {
		return nil, err
	}
	return l.dir.decodeKey(text)
}

// StudyKey is the key as its owner made it.
func (d Dir) StudyKey() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(d.keys(), studyKey))
	if err != nil {
		return nil, fmt.Errorf("the key of the study cannot be read: %w", err)
	}
	return d.decodeKey(strings.TrimSpace(string(text)))
}

func (d Dir) decodeKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("%s is not %d hexadecimal digits: restore it from a copy; without it no pseudonym of this study can be made again", filepath.Join(d.keys(), studyKey), 2*keyBytes)
	}
	return key, nil
}

// Passwords are the passwords of the store's users, made when there are none yet.
func (l *Lock) Passwords(users []string) (map[string]string, error) {
	passwords := make(map[string]string, len(users))
	for _, user := range users {
		password, err := l.secret("password-"+user, 18)
		if err != nil {
			return nil, err
		}
		passwords[user] = password
	}
	return passwords, nil
}

// Password is the password of one user, as its owner made it.
func (d Dir) Password(user string) (string, error) {
	if strings.Trim(user, "abcdefghijklmnopqrstuvwxyz") != "" || user == "" {
		return "", fmt.Errorf("there is no user %q", user)
	}
	text, err := os.ReadFile(filepath.Join(d.keys(), "password-"+user))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no password for user %q in %s: set OBSERVATORY_PASSWORD", user, d.keys())
	}
	if err != nil {
		return "", fmt.Errorf("the password of %s cannot be read: %w", user, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// LogID is the identity of the embedded log. A log that is made anew, though
// at the same place, has another.
func (l *Lock) LogID() (string, error) {
	path := filepath.Join(l.dir.Log(), "id")
	text, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the identity of the log cannot be read: %w", err)
	}
	if err := os.MkdirAll(l.dir.Log(), 0o700); err != nil {
		return "", fmt.Errorf("the log's directory cannot be made: %w", err)
	}
	id := uuid.NewString()
	return id, writeDurably(path, []byte(id+"\n"), 0o600)
}

// secret reads a secret, or draws one of so many bytes and keeps it before it
// is used.
func (l *Lock) secret(name string, size int) (string, error) {
	path := filepath.Join(l.dir.keys(), name)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("a key cannot be read: %w", err)
	}
	if err := os.MkdirAll(l.dir.keys(), 0o700); err != nil {
		return "", fmt.Errorf("the keys' directory cannot be made: %w", err)
	}
	drawn := make([]byte, size)
	_, _ = rand.Read(drawn) // It never fails.
	made := hex.EncodeToString(drawn)
	return made, writeDurably(path, []byte(made+"\n"), 0o600)
}
