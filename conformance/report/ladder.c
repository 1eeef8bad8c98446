// SPDX-License-Identifier: GPL-2.0-or-later
#include "ladder.h"

#include "escape.h"

#include <stdlib.h>
#include <string.h>

/* In units of the drawing, which are CSS pixels where there is room. */
enum {
    TIME_WIDTH = 84,
    LANE_GAP = 26,
    LANE_MIN = 150,
    LANE_MAX = 330,
    CHAR_WIDTH = 7, /* of the labels' font, a little more than it needs */
    HEAD = 52,
    ROW = 34,
    TAIL = 14,
    ARROW = 7,
};

struct lane {
    const char *conn;
    int x; /* of mfdkit's rail */
    int width;
    size_t opened;    /* row where the rails begin, counted from 1; 0: above the first */
    size_t ended;     /* row of the first end; 0: none */
    size_t last_end;  /* row of the last end */
    bool interesting; /* may not be left out */
};

struct ladder {
    FILE *out;
    const struct mfd_result *result;
    struct lane *lanes; /* one for each connection, in order of first use; `shown` of them stay */
    size_t lane_count;
    const struct mfd_happening **rows;
    size_t row_count;
    size_t left_out; /* happenings on lanes that are not drawn */
    size_t earlier;  /* happenings before the first row */
    size_t hidden;   /* lanes that are not drawn */
    int width;
};

static struct lane *find_lane(const struct ladder *l, const char *conn)
{
    for (size_t i = 0; i < l->lane_count; i++) {
        if (strcmp(l->lanes[i].conn, conn) == 0) {
            return &l->lanes[i];
        }
    }
    return NULL;
}

static void collect_lanes(struct ladder *l)
{
    const struct mfd_result *result = l->result;

    for (size_t i = 0; i < result->happening_count; i++) {
        const struct mfd_happening *h = &result->happenings[i];
        struct lane *lane = find_lane(l, h->conn);

        if (!lane) {
            lane = &l->lanes[l->lane_count++];
            *lane = (struct lane){.conn = h->conn, .interesting = strcmp(h->conn, "main") == 0};
        }
        lane->interesting = lane->interesting || h->deviation;
    }
}

/* Keeps the lanes that matter, and of the others as many as there is room for. */
static void choose_lanes(struct ladder *l)
{
    size_t needed = 0;
    size_t plain = 0;
    size_t kept = 0;

    for (size_t i = 0; i < l->lane_count; i++) {
        needed += l->lanes[i].interesting;
    }
    for (size_t i = 0; i < l->lane_count; i++) {
        bool fits = l->lanes[i].interesting ? kept - plain < MFD_LADDER_LANES
                                            : needed + plain < MFD_LADDER_LANES;

        if (!fits) {
            l->hidden++;
            continue;
        }
        plain += !l->lanes[i].interesting;
        l->lanes[kept++] = l->lanes[i];
    }
    l->lane_count = kept;
}

static void choose_rows(struct ladder *l)
{
    const struct mfd_result *result = l->result;
    size_t all = 0;

    for (size_t i = 0; i < result->happening_count; i++) {
        all += find_lane(l, result->happenings[i].conn) != NULL;
    }
    l->left_out = result->happening_count - all;
    l->earlier = all > MFD_LADDER_ROWS ? all - MFD_LADDER_ROWS : 0;
    all = 0;
    for (size_t i = 0; i < result->happening_count; i++) {
        const struct mfd_happening *h = &result->happenings[i];

        if (find_lane(l, h->conn) && all++ >= l->earlier) {
            l->rows[l->row_count++] = h;
        }
    }
}

/* What a lane need not say again: "ch 1 hello" in the lane "ch 1" is "hello". */
static const char *label_of(const struct mfd_happening *h)
{
    size_t len = strlen(h->conn);

    return strncmp(h->text, h->conn, len) == 0 && h->text[len] == ' ' ? h->text + len + 1 : h->text;
}

static void place(struct ladder *l)
{
    int x = TIME_WIDTH;

    for (size_t i = 0; i < l->lane_count; i++) {
        struct lane *lane = &l->lanes[i];
        size_t longest = 0;

        for (size_t r = 0; r < l->row_count; r++) {
            const struct mfd_happening *h = l->rows[r];

            if (strcmp(h->conn, lane->conn) != 0) {
                continue;
            }
            longest = strlen(label_of(h)) > longest ? strlen(label_of(h)) : longest;
            if (h->kind == MFD_HAPPENED_OPEN && lane->opened == 0) {
                lane->opened = r + 1;
            } else if (h->kind == MFD_HAPPENED_END) {
                lane->ended = lane->ended ? lane->ended : r + 1;
                lane->last_end = r + 1;
            }
        }
        longest = longest > LANE_MAX / CHAR_WIDTH ? LANE_MAX / CHAR_WIDTH : longest;
        lane->width = (int)longest * CHAR_WIDTH + 2 * ARROW;
        lane->width = lane->width < LANE_MIN ? LANE_MIN : lane->width;
        lane->x = x;
        x += lane->width + LANE_GAP;
    }
    l->width = x;
}

/* The line of an arrow; row 0 is the first. */
static int row_y(size_t row)
{
    return HEAD + (int)row * ROW + ROW / 2;
}

static int bottom(const struct ladder *l)
{
    return HEAD + (int)l->row_count * ROW;
}

/* Text cut to `room` characters, with all of it as a tooltip. */
static void put_label(FILE *out, const char *text, size_t room)
{
    size_t len = strlen(text);
    char *cut = NULL;

    if (len <= room) {
        mfd_escape_xml(out, text);
        return;
    }
    len = room - 1;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--; /* not within a character */
    }
    cut = strndup(text, len);
    mfd_escape_xml(out, cut);
    fputs("\u2026<title>", out);
    mfd_escape_xml(out, text);
    fputs("</title>", out);
    free(cut);
}

static void put_rail(FILE *out, const char *class, int x, int from, int to)
{
    fprintf(out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", class, x, from,
            x, to);
}

static void put_lane(const struct ladder *l, const struct lane *lane)
{
    int right = lane->x + lane->width;
    int from = lane->opened ? row_y(lane->opened - 1) : HEAD - 8;
    int end = lane->ended ? row_y(lane->ended - 1) : bottom(l);
    int last = lane->last_end ? row_y(lane->last_end - 1) : end;

    fprintf(l->out, "<text class=\"conn\" x=\"%d\" y=\"18\">", lane->x + lane->width / 2);
    mfd_escape_xml(l->out, lane->conn);
    fprintf(l->out,
            "</text>\n<text class=\"end\" x=\"%d\" y=\"36\">mfdkit</text>\n"
            "<text class=\"end right\" x=\"%d\" y=\"36\">peer</text>\n",
            lane->x, right);
    put_rail(l->out, "rail", lane->x, from, end);
    put_rail(l->out, "rail", right, from, end);
    if (last > end) {
        put_rail(l->out, "rail half", lane->x, end, last);
        put_rail(l->out, "rail half", right, end, last);
    }
}

static void put_arrow(FILE *out, const struct mfd_happening *h, const struct lane *lane, int y)
{
    int tail = h->from_peer ? lane->x + lane->width : lane->x;
    int head = h->from_peer ? lane->x : lane->x + lane->width;
    int back = h->from_peer ? ARROW : -ARROW;

    if (h->kind == MFD_HAPPENED_NOTE) {
        return;
    }
    fprintf(out, "<line class=\"arrow\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", tail, y, head,
            y);
    if (h->kind == MFD_HAPPENED_END) {
        fprintf(out, "<path class=\"cross\" d=\"M%d %dl%d %dm0 %dl%d %d\"/>\n", head - ARROW / 2,
                y - 4, 8, 8, -8, -8, 8);
    } else {
        fprintf(out, "<path class=\"head\" d=\"M%d %dl%d -4v8z\"/>\n", head, y, back);
    }
}

static void put_row(const struct ladder *l, size_t row)
{
    static const char *const kinds[] = {"open", "data", "closed", "note"};
    const struct mfd_happening *h = l->rows[row];
    const struct lane *lane = find_lane(l, h->conn);
    const char *label = label_of(h);
    size_t room = (size_t)(lane->width - 2 * ARROW) / CHAR_WIDTH;
    int y = row_y(row);

    fprintf(l->out, "<g class=\"%s%s%s\">\n", kinds[h->kind], h->from_peer ? " from-peer" : "",
            h->deviation ? " deviation" : "");
    if (h->deviation) {
        fprintf(l->out, "<rect class=\"band\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
                y - ROW / 2 - 2, l->width, ROW);
    }
    fprintf(l->out, "<text class=\"ms\" x=\"%d\" y=\"%d\">%.3f</text>\n", TIME_WIDTH - 14, y + 4,
            h->ms);
    put_arrow(l->out, h, lane, y);
    fprintf(l->out, "<text class=\"label\" x=\"%d\" y=\"%d\">", lane->x + lane->width / 2,
            h->kind == MFD_HAPPENED_NOTE ? y + 4 : y - 5);
    put_label(l->out, label, room);
    fputs("</text>\n</g>\n", l->out);
}

/* The row below all others: what the peer came to. */
static void put_end(const struct ladder *l)
{
    const struct mfd_result *result = l->result;
    int y = bottom(l);

    fprintf(
        l->out,
        "<g class=\"outcome\">\n<rect class=\"band\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n"
        "<text x=\"%d\" y=\"%d\">",
        y, l->width, ROW - 8, TIME_WIDTH, y + 18);
    mfd_escape_xml(l->out, result->got < MFD_OUTCOME_COUNT ? mfd_outcome_name(result->got)
                                                           : mfd_verdict_name(result->verdict));
    if (result->detail && *result->detail) {
        size_t room = (size_t)(l->width - TIME_WIDTH) / CHAR_WIDTH;

        fputs(": ", l->out);
        put_label(l->out, result->detail, room > 24 ? room - 12 : 12);
    }
    fputs("</text>\n</g>\n", l->out);
}

static void put_left_out(const struct ladder *l)
{
    if (l->hidden == 0 && l->earlier == 0) {
        return;
    }
    fputs("<p class=\"left-out\">Not drawn:", l->out);
    if (l->earlier) {
        fprintf(l->out, " %zu earlier events", l->earlier);
    }
    if (l->hidden) {
        fprintf(l->out, "%s %zu more connections with %zu events", l->earlier ? " and" : "",
                l->hidden, l->left_out);
    }
    fputs(".</p>\n", l->out);
}

static void put_drawing(const struct ladder *l, const char *id)
{
    int height = bottom(l) + ROW - 8 + TAIL;

    fprintf(l->out,
            "<div class=\"ladder\" tabindex=\"0\" role=\"group\" aria-labelledby=\"%s-t\">\n"
            "<svg role=\"img\" aria-labelledby=\"%s-t\" aria-describedby=\"%s-d\" width=\"%d\" "
            "height=\"%d\" viewBox=\"0 0 %d %d\">\n<title id=\"%s-t\">Connections of ",
            id, id, id, l->width, height, l->width, height, id);
    mfd_escape_xml(l->out, l->result->id);
    fprintf(
        l->out,
        " over time</title>\n<desc id=\"%s-d\">%zu events on %zu connections. The same as text is below.</desc>\n",
        id, l->row_count, l->lane_count);
    fprintf(l->out, "<text class=\"end\" x=\"%d\" y=\"36\">ms</text>\n", TIME_WIDTH - 30);
    for (size_t i = 0; i < l->row_count; i++) {
        if (l->rows[i]->deviation) {
            put_row(l, i); /* its band goes below the rails */
        }
    }
    for (size_t i = 0; i < l->lane_count; i++) {
        put_lane(l, &l->lanes[i]);
    }
    for (size_t i = 0; i < l->row_count; i++) {
        if (!l->rows[i]->deviation) {
            put_row(l, i);
        }
    }
    put_end(l);
    fputs("</svg>\n</div>\n", l->out);
    put_left_out(l);
}

void mfd_ladder_write(FILE *out, const struct mfd_result *result, const char *id)
{
    size_t count = result->happening_count;
    struct ladder l = {
        .out = out,
        .result = result,
        .lanes = calloc(count + 1, sizeof(*l.lanes)),
        .rows = calloc(count + 1, sizeof(const struct mfd_happening *)),
    };

    if (count && l.lanes && l.rows) {
        collect_lanes(&l);
        choose_lanes(&l);
        choose_rows(&l);
        place(&l);
        put_drawing(&l, id);
    }
    free(l.lanes);
    free(l.rows);
}
