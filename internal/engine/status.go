package engine

import "net/http"

// status is the HTTP status that ClickHouse gives an exception.
func status(code int) int {
	switch code {
	case 194:
		return http.StatusUnauthorized
	case 192, 193, 497, 512, 516:
		return http.StatusForbidden
	case 6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676:
		return http.StatusBadRequest
	case 46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511:
		return http.StatusNotFound
	case 159:
		return http.StatusRequestTimeout
	case 201:
		return http.StatusTooManyRequests
	case 229:
		return http.StatusRequestEntityTooLarge
	case 48:
		return http.StatusNotImplemented
	case 76, 209, 439, 1017:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
