# Draws the share of links to unreliable sources by language sphere, with its interval,
# from a running observatory. It needs nothing but R.
#
#   Rscript docs/examples/share_by_language.R 2024-06-03 2024-06-10 share_by_language.png
given <- commandArgs(trailingOnly = TRUE)
port <- Sys.getenv("OBSERVATORY_PORT", "8123")

ask <- function(sql) {
  address <- paste0("http://127.0.0.1:", port, "/?query=", URLencode(paste(sql, "FORMAT CSVWithNames"), reserved = TRUE))
  read.csv(address, na.strings = "\\N")
}
shares <- ask(sprintf(
  "SELECT part AS lang, links, share, low, high, rated_share
   FROM source_shares(from = '%s', to = '%s', by = 'lang')
   WHERE source_class = 'unreliable' ORDER BY share", given[1], given[2]))
if (nrow(shares) == 0) stop("no language has links to sources that are rated as unreliable in these days")

png(given[3], width = 1200, height = 700, res = 144)
par(mar = c(4, 8, 3, 1), las = 1)
y <- seq_len(nrow(shares))
plot(100 * shares$share, y, xlim = c(0, 100 * max(shares$high)), yaxt = "n", pch = 19, bty = "l",
  xlab = "per cent of links to rated sources, with 95 % interval", ylab = "",
  main = sprintf("Links to unreliable sources, %s to %s", given[1], given[2]))
segments(100 * shares$low, y, 100 * shares$high, y)
axis(2, y, sprintf("%s (%d %% rated)", shares$lang, round(100 * shares$rated_share)))
invisible(dev.off())
cat(nrow(shares), "languages, drawn to", given[3], "\n")
