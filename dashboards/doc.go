// Package dashboards is Grafana's dashboards as code: each in the file of its name,
// as the JSON beside it, which a test writes with -update and compares without.
// Provisioning of the data source, of the dashboards and of alert rules is in
// provisioning/.
//
// Panels read relations of database observatory as the user dashboard. They use
// only those macros of the plugin grafana-clickhouse-datasource that every version
// from 4.0 on expands in the same way, and every series of time has coverage beside it.
package dashboards
