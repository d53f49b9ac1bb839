"""Pairs as an export takes them: columns without Python objects, and rows as lines of JSON.

DuckDB makes the text of the rows and Arrow hands it over as one run of bytes, so that a million
pairs cost no million objects. Knows no files.
"""

from typing import Literal

import duckdb
import pyarrow
import pyarrow.compute

from store.types import RowShape, Status

TEST_TAG = "test"
"""A pair that a person tagged so is only ever tested."""
STRETCH_ROWS = 60_000
"""Taken at once: each query has a price of its own, and its rows lie in memory together."""


def stretches(
    cursor: duckdb.DuckDBPyConnection, dataset_id: int, statuses: tuple[Status, ...]
) -> tuple[list[tuple[int, int]], int]:
    """Return the first and last ids of stretches of some thousand pairs, and how many of all these
    pairs have no keys stored."""
    rows = cursor.execute(
        f"""
        SELECT min(id), max(id), count(*) FILTER (question_key IS NULL) FROM (
            SELECT id, question_key, row_number() OVER (ORDER BY id) AS place
            FROM pairs WHERE {_TAKEN})
        GROUP BY (place - 1) // {STRETCH_ROWS} ORDER BY 1
        """,
        [dataset_id, list(statuses)],
    ).fetchall()
    return [(int(row[0]), int(row[1])) for row in rows], sum(int(row[2]) for row in rows)


def outline(
    cursor: duckdb.DuckDBPyConnection,
    dataset_id: int,
    statuses: tuple[Status, ...],
    stretch: tuple[int, int],
) -> pyarrow.Table:
    """Return what is known of the pairs of a stretch, in no order and without reading their texts.

    Columns: id, version, is_unreviewed, is_test, question_key, answer_key (0 where they are not
    stored), has_keys, has_system, has_history, has_facts, and of a pair that was judged as it
    stands (is_judged) has_placeholder and tokens: of question, context and answer.
    """
    return cursor.sql(
        f"""
        SELECT id, version, status = 'unreviewed' AS is_unreviewed,
               list_contains(tags, '{TEST_TAG}') AS is_test,
               coalesce(question_key, 0) AS question_key, coalesce(answer_key, 0) AS answer_key,
               question_key IS NOT NULL AS has_keys,
               coalesce(system, '') <> '' AS has_system, history <> '[]' AS has_history,
               len(facts) > 0 AS has_facts, {_IS_JUDGED} AS is_judged,
               {_IS_JUDGED} AND list_contains(flags, 'placeholder') AS has_placeholder,
               CASE WHEN {_IS_JUDGED} THEN question_tokens + answer_tokens ELSE 0 END AS tokens
        FROM pairs WHERE {_TAKEN} AND id BETWEEN ? AND ?
        """,
        params=[dataset_id, list(statuses), *stretch],
    ).to_arrow_table()


def sizes(
    cursor: duckdb.DuckDBPyConnection,
    dataset_id: int,
    statuses: tuple[Status, ...],
    stretch: tuple[int, int],
) -> pyarrow.Table:
    """Return id, bytes and has_brace of the pairs of a stretch, in no order: of those that were not
    judged, what all of their texts have; of the others, what judging does not count as tokens
    (system prompt and history), where there is any."""
    return cursor.sql(
        f"""
        SELECT id, {" + ".join(f"strlen({text})" for text in _TEXTS)} AS bytes,
               {_HAS_BRACE} AS has_brace
        FROM pairs WHERE {_TAKEN} AND id BETWEEN ? AND ? AND NOT {_IS_JUDGED}
        UNION ALL
        SELECT id, {" + ".join(f"strlen({text})" for text in _BESIDE)}, false
        FROM pairs WHERE {_TAKEN} AND id BETWEEN ? AND ? AND {_IS_JUDGED} AND {_HAS_BESIDE}
        """,
        params=[dataset_id, list(statuses), *stretch] * 2,
    ).to_arrow_table()


def texts(
    cursor: duckdb.DuckDBPyConnection,
    dataset_id: int,
    statuses: tuple[Status, ...],
    stretch: tuple[int, int],
    *,
    most: int | None = None,
) -> pyarrow.Table:
    """Return id, question, context and answer, in no order: of the pairs of a stretch whose keys
    are not stored, or of `most` of its pairs, whichever come first."""
    chosen = "AND question_key IS NULL" if most is None else f"LIMIT {most}"
    return cursor.sql(
        f"""
        SELECT id, question, context, answer FROM pairs
        WHERE {_TAKEN} AND id BETWEEN ? AND ? {chosen}
        """,
        params=[dataset_id, list(statuses), *stretch],
    ).to_arrow_table()


_TAKEN = "dataset_id = ? AND list_contains(?::VARCHAR[], status)"
_BESIDE = ("coalesce(system, '')", "history")
_HAS_BESIDE = "(coalesce(system, '') <> '' OR history <> '[]')"
_TEXTS = ("question", "context", "answer", *_BESIDE)
_IS_JUDGED = "(judged_version = version AND question_tokens IS NOT NULL)"
_PLACEHOLDER = r"\{\{\s*[^{}\s][^{}]{0,40}?\s*\}\}"
# A single brace is found ten times as fast as two in Chinese text, and nearly as rare.
_HAS_BRACE = " OR ".join(f"contains({text}, '{{')" for text in _TEXTS)
_HAS_PLACEHOLDER = " OR ".join(f"regexp_matches({text}, '{_PLACEHOLDER}')" for text in _TEXTS)


def with_placeholder(
    cursor: duckdb.DuckDBPyConnection, stretch: tuple[int, int]
) -> pyarrow.ChunkedArray:
    """Return the ids of a stretch's pairs, of any dataset, in which a placeholder is left."""
    table = cursor.sql(
        f"SELECT id FROM pairs WHERE id BETWEEN ? AND ? AND ({_HAS_PLACEHOLDER})",
        params=[*stretch],
    ).to_arrow_table()
    return table.column("id")


def asking(
    cursor: duckdb.DuckDBPyConnection,
    dataset_ids: list[int],
    statuses: tuple[Status, ...],
    text: str,
) -> int:
    """Return how many pairs of these datasets have a text in their question."""
    rows = cursor.execute(
        """
        SELECT count(*) FROM pairs WHERE list_contains(?::BIGINT[], dataset_id)
        AND list_contains(?::VARCHAR[], status) AND contains(question, ?)
        """,
        [dataset_ids, list(statuses), text],
    ).fetchall()
    return int(rows[0][0])


def rendered(
    cursor: duckdb.DuckDBPyConnection,
    ids: pyarrow.Array,
    shape: RowShape,
    form: Literal["json", "jsonl", "parquet"],
) -> pyarrow.Table:
    """Return the pairs of these ids (rising, each once) as rows, in order.

    For `json` and `jsonl` one text a row: an object after a comma and a line break, or before a
    line break. For `parquet` a column a field.
    """
    row, values = _row(shape, is_text=form != "parquet")
    line = {"json": f"',' || chr(10) || to_json({row})::VARCHAR", "parquet": row}.get(
        form, f"to_json({row})::VARCHAR || chr(10)"
    )
    chosen = "line.*" if form == "parquet" else "line"
    cursor.register("wanted", pyarrow.table({"id": ids}))
    try:
        table = cursor.sql(
            f"""
            SELECT id AS pair_id, {chosen} FROM (
                SELECT id, {line} AS line FROM pairs
                WHERE id BETWEEN ? AND ? AND id IN (SELECT id FROM wanted))
            """,
            params=[*values, ids[0].as_py(), ids[-1].as_py()],
        ).to_arrow_table()
    finally:
        cursor.unregister("wanted")
    found = table.column("pair_id").combine_chunks()
    rows = table.drop_columns(["pair_id"])
    # Pairs lie by id until they are changed: sorting long texts for nothing would be slow.
    return rows if found.equals(ids) else rows.take(pyarrow.compute.sort_indices(found))


def _row(shape: RowShape, *, is_text: bool) -> tuple[str, list[object]]:
    """Return the row as an SQL struct, and the values of its markers."""
    if shape.layout in ("sharegpt", "messages"):
        return _conversation(shape)
    values: list[object] = []
    fields = ["instruction := question", "input := context", "output := answer"]
    if shape.layout == "format3":
        fields[:2] = ["instruction := ?::VARCHAR", f"input := {_ASKED}"]
        values.append(shape.trigger)
    if shape.system:
        fields.append(f"system := {_SYSTEM}")
        values.append(shape.default_system)
    if shape.history:
        fields.append(f"history := {'history::JSON' if is_text else _TURNS}")
    if shape.facts:
        fields.append("facts := facts")
    return f"struct_pack({', '.join(fields)})", values


_ASKED = "CASE WHEN context = '' THEN question ELSE question || chr(10) || context END"
_TURNS = "from_json(history, '[[\"VARCHAR\"]]')"
_SYSTEM = "coalesce(nullif(system, ''), ?::VARCHAR)"


def _conversation(shape: RowShape) -> tuple[str, list[object]]:
    speaker, says = ("from", "value") if shape.layout == "sharegpt" else ("role", "content")
    person, model = ("human", "gpt") if shape.layout == "sharegpt" else ("user", "assistant")

    def turn(who: str, text: str) -> str:
        return f'struct_pack("{speaker}" := \'{who}\', "{says}" := {text})'

    values: list[object] = []
    asked = _ASKED
    if shape.trigger:
        asked = f"?::VARCHAR || chr(10) || {asked}"
        values.append(shape.trigger)
    turns = f"[{turn(person, asked)}, {turn(model, 'answer')}]"
    if shape.history:
        earlier = (
            f"flatten(list_transform({_TURNS},"
            f" lambda t: [{turn(person, 't[1]')}, {turn(model, 't[2]')}]))"
        )
        turns = f"list_concat({earlier}, {turns})"
    if shape.layout == "messages":
        if shape.system:
            told = f"[{turn('system', _SYSTEM)}]"
            turns = f"CASE WHEN {_SYSTEM} = '' THEN {turns} ELSE list_concat({told}, {turns}) END"
            values = [shape.default_system, *values, shape.default_system, *values]
        fields = [f"messages := {turns}"]
    else:
        fields = [f"conversations := {turns}"]
        if shape.system:
            fields.append(f"system := {_SYSTEM}")
            values.append(shape.default_system)
    if shape.facts:
        fields.append("facts := facts")
    return f"struct_pack({', '.join(fields)})", values
