/// The text of `AGENTS.md`.
enum Instructions {
    static let bytes = Array(text.utf8)

    private static let text = """
        # This directory is a vector database (VexFS)

        Each directory is a collection. A file in it is a document, embedded and searchable as soon as it is closed.

        Search        cat "COLLECTION/query/how do refunds work"        one JSON object a line, best first
                      cat "COLLECTION/query/k=3/refunds.md"             excerpts with sources, to quote from
                      cat "query/refunds.paths"                         all collections, one path a line
          formats     .jsonl .json .tsv .ids .paths .grep .md .ctx .explain
          options     k=10 offset= min=0.3 mode=vector|exact|text|hybrid like=ID fields= group= budget= where=...
          filters     "query/where=lang:en,year>=2020,tags:a|b,!draft/TEXT"
          a folder    cat "COLLECTION/sub/dir/query/TEXT"               only what lies below it
          "/" and "%" in a text are written %2F and %25

        Add           mkdir COLLECTION; cp notes.md COLLECTION/; echo '{"text":"...","lang":"en"}' > COLLECTION/id.json
                      own vectors: {"text":"...","embedding":[0.1,...],"metadata":{...}}
                      many at once: cat docs.jsonl > COLLECTION/.vexfs/bulk; cat COLLECTION/.vexfs/bulk
        Change        edit the file, rm it, mv it; setfattr -n user.vexfs.meta.lang -v en FILE
        Browse        ls COLLECTION/.by/FIELD/VALUE; cat COLLECTION/.overview.md; getfattr -d FILE
        Converse      exec 3<>COLLECTION/.vexfs/rpc/me; echo '{"op":"query","text":"refunds","k":3}' >&3; cat <&3
        Follow        tail -f COLLECTION/.vexfs/events; tail -f "COLLECTION/query/min=0.5/refunds.events"
        Keep a search mkdir "COLLECTION/query/refunds" (touch it to refresh, rm -r it to forget)

        The past      mkdir COLLECTION/.vexfs/snapshots/NAME; ls COLLECTION@NAME/; cat COLLECTION@NAME/query/TEXT
        Take back     mv COLLECTION/.vexfs/trash/NAME COLLECTION/     what rm removed, for seven days
        Try something echo NEW > COLLECTION/.vexfs/fork     a copy at once, whatever its size

        Something failed?   cat .vexfs/lasterr   or   COLLECTION/.vexfs/errors.jsonl
        Configuration       COLLECTION/.vexfs/config.json, schema.json     Figures   .vexfs/stats, .vexfs/metrics

        query, .by, .vexfs and .overview.md are found by name but not listed, so find and grep -r meet documents only.

        """
}
