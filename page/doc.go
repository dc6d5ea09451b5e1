// Package page is what readers see in a browser without Grafana: what is collected
// and what is missing, headline series with coverage, sources, networks, copies,
// bursts and alerts, releases, and who rates the source of a link.
//
// Every view is a statement over the relations for people, for the seven days before
// a time. The address with as_of names that time: with the same store it shows the
// same bytes again. Each view is there as CSV, each chart as SVG. Pages are made on the server; there are no
// scripts, and nothing comes from elsewhere. Words are in messages/, one file a language.
package page
