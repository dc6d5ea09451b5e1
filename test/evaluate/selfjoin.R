# Pairs of shares as CooRTweet 2.1.3 finds them, by the method that it publishes: a
# self-join of each object's shares, of which those within the window are kept. It is
# what `observatory coordinate --mode coortweet` is compared with, in time, memory and
# pairs. It prints how many seconds the pairs took, without reading and writing.
#
#   Rscript selfjoin.R SHARES.csv PAIRS.csv WINDOW PARTICIPATION
suppressPackageStartupMessages(library(data.table))
given <- commandArgs(trailingOnly = TRUE)
window <- as.numeric(given[3])
least <- as.numeric(given[4])

shares <- fread(given[1], colClasses = c(object_id = "character", account_id = "character", content_id = "character"))
started <- proc.time()[["elapsed"]]
shares[, rows := .N, by = account_id]
shares <- shares[rows >= least]
shares[, first := match(account_id, unique(account_id))]
setorder(shares, first) # It keeps the order of each account's shares.

joined <- function(group) {
  group[, row := seq_len(.N)]
  both <- group[group, on = .(row < row), nomatch = NULL, allow.cartesian = TRUE,
    .(content_a = x.content_id, account_a = x.account_id, at_a = x.timestamp_share,
      content_b = i.content_id, account_b = i.account_id, at_b = i.timestamp_share)]
  both[abs(at_a - at_b) <= window]
}
pairs <- shares[, joined(copy(.SD)), by = object_id, .SDcols = c("content_id", "account_id", "timestamp_share")]
pairs <- pairs[object_id != content_a & object_id != content_b & content_a != content_b & account_a != account_b]

inside <- shares[content_id %in% c(pairs$content_a, pairs$content_b)]
inside[, rows := .N, by = account_id]
enough <- unique(inside[rows >= least]$content_id)
pairs <- pairs[content_a %in% enough | content_b %in% enough]

cat(proc.time()[["elapsed"]] - started, "\n")

older <- pairs$at_a <= pairs$at_b
fwrite(pairs[, .(
  object_id,
  content_id = fifelse(older, content_a, content_b), content_id_y = fifelse(older, content_b, content_a),
  time_delta = abs(at_a - at_b),
  account_id = fifelse(older, account_a, account_b), account_id_y = fifelse(older, account_b, account_a))], given[2])
