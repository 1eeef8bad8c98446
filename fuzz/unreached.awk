# SPDX-License-Identifier: GPL-2.0-or-later
#
# Holds the branches that no input of the corpus takes (of branches.awk's list, the second file) against the first,
# unreached.def: says which of them lack a reason, and which rows are for none. Exit status 1 if there are any.

# Rows are indented below their reason: a branch, or a function or file with "*" for all of it.
FILENAME == ARGV[1] {
    if (/^ +[a-z]/) {
        sub(/^ +/, "")
        line[$0] = FNR
    }
    next
}

/ \| 1$/ {
    reached++
    next
}

{
    unreached++
    sub(/ \| 0$/, "")
    split($0, part, / \| /)
    all = part[1] " | *"
    some = part[1] " | " part[2] " | *"
    if ($0 in line) {
        used[$0] = 1
    } else if (some in line) {
        used[some] = 1
    } else if (all in line) {
        used[all] = 1
    } else {
        print "no input takes, and no reason is given: " $0
        bare++
    }
}

END {
    for (row in line) {
        if (!(row in used)) {
            print "unreached.def:" line[row] ": is taken, or is no branch: " row
            stale++
        }
    }
    printf "ref/wire: %d of %d branches are taken, %d have a reason not to be\n", reached, reached + unreached,
        unreached - bare
    exit bare + stale > 0
}
