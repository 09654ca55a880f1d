# Turns the lines of `lbd --list=options` into the tables of configuration.md.
BEGIN {
	FS = "\t"
}
/^#/ {
	next
}
{
	path = $1
	count = split(path, part, ".")
	key = part[count]
	group = count == 1 ? "(the file)" : substr(path, 1, length(path) - length(key) - 1)
	if (group != last) {
		printf "\n### %s\n\n| option | type | default | range | meaning |\n|---|---|---|---|---|\n", group
		last = group
	}
	unit = $4 == "-" ? "" : " " $4
	range = $5 == "-" ? "" : $5 unit
	zero = $6 == "-" ? "" : ($5 == "-" ? "; empty: " : "; 0: ") $6
	effect = $7 == "later" ? " *(later)*" : $7 == "http" ? " *(mode http)*" : ""
	initial = $3 == "-" ? "" : $3 == "required" ? "required" : "`" $3 "`"
	printf "| `%s` | %s | %s | %s | %s%s%s |\n", key, $2, initial, range, $8, zero, effect
}
