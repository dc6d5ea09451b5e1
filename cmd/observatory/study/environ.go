package study

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Variables that are no keys of the configuration.
const (
	EnvData         = "OBSERVATORY_DATA"              // The data directory.
	EnvConfig       = "OBSERVATORY_CONFIG"            // The configuration's path.
	EnvPassword     = "OBSERVATORY_PASSWORD"          // The password of the user who asks, or of the ClickHouse cluster's user.
	EnvSMTPPassword = "OBSERVATORY_SMTP_PASSWORD"     // The password of the mail server's user.
	EnvMastodon     = "OBSERVATORY_MASTODON_TOKEN"    // An access token of a server with Mastodon's API.
	EnvX            = "OBSERVATORY_X_BEARER_TOKEN"    // The bearer token of an app of X.
	EnvTelegramID   = "OBSERVATORY_TELEGRAM_API_ID"   // The id of an application of Telegram,
	EnvTelegramHash = "OBSERVATORY_TELEGRAM_API_HASH" // and its hash.
	EnvEngine       = "OBSERVATORY_ENGINE"            // The engine's library.
	envTestData     = "OBSERVATORY_TESTDATA"          // Recordings for tests.
	prefix          = "OBSERVATORY_"
)

// override sets every key that a variable names. A variable that means nothing
// is refused: it would otherwise be a setting that somebody believes in.
func override(study *Study, environ []string) error {
	keys := map[string]reflect.Value{}
	settable(reflect.ValueOf(study).Elem(), prefix, keys)
	known := []string{EnvData, EnvConfig, EnvPassword, EnvSMTPPassword, EnvMastodon, EnvX, EnvTelegramID, EnvTelegramHash, EnvEngine, envTestData}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix) || slices.Contains(known, name) {
			continue
		}
		field, ok := keys[name]
		if !ok {
			return fmt.Errorf("the variable %s means nothing: unset it, or see docs/reference/configuration.md for those that do", name)
		}
		if err := set(field, value); err != nil {
			return fmt.Errorf("the variable %s: %w", name, err)
		}
	}
	return nil
}

// settable finds the fields that one value can set, by the names of their
// variables.
func settable(v reflect.Value, name string, keys map[string]reflect.Value) {
	for i := range v.NumField() {
		named := keyOf(v.Type().Field(i))
		if named == "" {
			continue
		}
		key := name + strings.ToUpper(named)
		field := v.Field(i)
		switch {
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct: // Absent unless the file has it.
			if !field.IsNil() {
				settable(field.Elem(), key+"_", keys)
			}
		case field.Kind() == reflect.Struct:
			settable(field, key+"_", keys)
		case field.Kind() != reflect.Slice || field.Type().Elem().Kind() == reflect.String:
			keys[key] = field
		}
	}
}

// keyOf is the key of a field, empty where it has none.
func keyOf(field reflect.StructField) string {
	key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return strings.Trim(key, "-")
}

func set(field reflect.Value, value string) error {
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		return set(field.Elem(), value)
	}
	if field.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("%q is no duration, as 15m", value)
		}
		field.SetInt(int64(d))
		return nil
	}
	var err error
	switch field.Kind() {
	case reflect.Bool:
		b, wrong := strconv.ParseBool(value)
		if wrong != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		field.SetBool(b)
	case reflect.Int:
		n, wrong := strconv.Atoi(value)
		field.SetInt(int64(n))
		err = wrong
	case reflect.Float64:
		f, wrong := strconv.ParseFloat(value, 64)
		field.SetFloat(f)
		err = wrong
	case reflect.Slice:
		field.Set(reflect.ValueOf(split(value)))
	default:
		field.SetString(value)
	}
	if err != nil {
		return fmt.Errorf("%q is no number", value)
	}
	return nil
}

// split are the parts of a list with commas.
func split(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func lookup(environ []string, name string) (string, bool) {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
