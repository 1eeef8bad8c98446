# SPDX-License-Identifier: GPL-2.0-or-later
#
# Of `llvm-cov show -show-branches=count`: FILE | FUNCTION | CONDITION | True or False | 1 if it was taken, else 0. What a
# branch is called does not change when lines move; where a function has the same condition at several places, the
# second one has "#2" behind it.

# The condition that begins at column `from` of a line, as far as it stands there.
function condition(text, from,    i, c, two, depth) {
    for (i = from; i <= length(text); i++) {
        c = substr(text, i, 1)
        two = substr(text, i, 2)
        if (c ~ /[([]/) {
            depth++
        } else if (c ~ /[])]/ && --depth < 0) {
            break
        } else if (!depth && (two == "&&" || two == "||" || two == " ?" || c ~ /[;:]/)) {
            break
        }
    }
    text = substr(text, from, i - from)
    sub(/ +$/, "", text)
    return text
}

function taken(line, what) {
    sub(".*" what ": ", "", line)
    return line !~ /^0[],]/
}

# The file of a table, or of an instance of what stands in a header.
/^\/.*:$/ {
    file = $0
    sub(/:$/, "", file)
    sub(/.*\//, "", file)
    next
}

/^ *[0-9]+\|/ {
    line = $0 + 0
    text = $0
    sub(/^ *[0-9]+\| *[^|]*\|/, "", text)
    source[file, line] = text
    # a definition begins in the first column
    if (text ~ /^[A-Za-z_].*\(/ && text !~ /;$/) {
        name = text
        sub(/\(.*/, "", name)
        sub(/.*[ *]/, "", name)
    }
    function_of[file, line] = name
    next
}

/Branch \([0-9]+:[0-9]+\): \[True/ {
    split($0, part, /[(:)]/)
    at = file SUBSEP part[2] + 0 SUBSEP part[3] + 0
    if (!(at in seen)) {
        seen[at] = ++places
        file_at[places] = file
        line_at[places] = part[2] + 0
        column_at[places] = part[3] + 0
    }
    yes[seen[at]] = yes[seen[at]] || taken($0, "True")
    no[seen[at]] = no[seen[at]] || taken($0, "False")
}

END {
    for (i = 1; i <= places; i++) {
        text = condition(source[file_at[i], line_at[i]], column_at[i])
        branch = file_at[i] " | " function_of[file_at[i], line_at[i]] " | " text
        branch = branch (++count[branch] > 1 ? " #" count[branch] : "")
        print branch " | True | " (yes[i] ? 1 : 0)
        print branch " | False | " (no[i] ? 1 : 0)
    }
}
