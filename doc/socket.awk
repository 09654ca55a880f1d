# Writes the tables of doc/socket.md from the .def files: awk -f doc/socket.awk commands.def columns.def info.def
BEGIN { FS = "\"" }
function cell(s) { gsub(/\|/, "\\|", s); gsub(/</, "\\&lt;", s); return s }
function words(s) { gsub(/[, ]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s); return s }
FILENAME != last {
	last = FILENAME
	if (FILENAME ~ /commands/)
		print "\n## Commands\n\n| command | level | what it does |\n|---|---|---|"
	else if (FILENAME ~ /columns/)
		print "\n## Columns of show stat\n\nRows: F frontend, B backend, S server. Positions up to `-` never change; read what follows by name.\n\n| # | column | rows | type | meaning |\n|---|---|---|---|---|"
	else
		print "\n## Keys of show info\n\n| key | type | meaning |\n|---|---|---|"
}
/^COMMAND\(/ {
	usage = $4
	gsub(/\|/, "\\|", usage)
	printf "| `%s` | %s | %s |\n", usage, tolower(words($3)), cell($6)
}
/^COLUMN\(/ {
	split(words($7), w, " ")
	rows = $4
	sub(/h/, ", http only", rows)
	sub(/c/, ", servers only when probed", rows)
	printf "| %d | `%s` | %s | %s | %s |\n", n++, $2, rows, tolower(w[1]), cell($8)
}
/^INFO\(/ {
	split(words($5), w, " ")
	printf "| `%s` | %s | %s |\n", $2, tolower(w[1]), cell($6)
}
