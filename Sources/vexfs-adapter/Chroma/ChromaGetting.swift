import VexValues
import VexWire

/// Getting many records: page by page, so that no answer of the mount is too large.
extension ChromaDialect {
    /// Up to so many records are asked for at once; most answers have fewer.
    private static var firstRecords: Int { 1024 }
    /// What a page should have, in bytes.
    private static var pageBytes: Int { 8 << 20 }
    private static var mostRecordsOfPage: Int { 16_384 }

    /// The records of a selection in the order in which they came.
    ///
    /// Those of one page are read at one moment. Of more, which they are is settled at one moment, and what others add
    /// or delete meanwhile shifts nothing: who is deleted while the pages are read is left out.
    func gathered(
        _ selection: ChromaSelection, of id: String, _ include: ChromaInclude, limit: Int, offset: Int
    ) throws(ChromaError) -> ChromaGathering {
        let columns = JSON.Member("include", include.mountColumns(isQuery: false))
        func window(_ count: Int) -> [JSON.Member] {
            selection.members + [
                .init("order", .string("insertion")), .init("limit", .integer(Int64(count))),
                .init("offset", .integer(Int64(offset))),
            ]
        }
        let first = min(limit, Self.firstRecords)
        var gathering = ChromaGathering(include)
        var gathered: [String] = []
        if let page = try page(of: id, window(first) + [columns]) {
            try gathering.add(page)
            if !gathering.hasMore || first == limit { return gathering }
            gathered = try names(in: page)
        }
        let ids = try names(in: try store.call(.get, of: id, window(limit) + [.init("include", .array([]))]))
        // The first page counts where nothing changed behind it.
        if !ids.starts(with: gathered) { (gathering, gathered) = (ChromaGathering(include), []) }
        var rest = ids.dropFirst(gathered.count)
        var records = gathering.recordsOf(bytes: Self.pageBytes) ?? Self.firstRecords / 64
        while !rest.isEmpty {
            let asked = rest.prefix(min(max(records, 1), Self.mostRecordsOfPage))
            let members: [JSON.Member] = [
                .init("ids", .array(asked.map(JSON.string))), .init("order", .string("given")), columns,
            ]
            guard let page = try page(of: id, members, isLast: asked.count == 1) else {
                records = asked.count / 4
                continue
            }
            try gathering.add(page)
            records = gathering.recordsOf(bytes: Self.pageBytes) ?? Self.mostRecordsOfPage
            rest = rest.dropFirst(asked.count)
        }
        return gathering
    }

    /// One answer of the mount; nil where it would be too large and fewer records can be asked for.
    private func page(
        of id: String, _ members: [JSON.Member], isLast: Bool = false
    ) throws(ChromaError) -> MountAnswer? {
        do throws(ChromaError) { return try store.call(.get, of: id, members) } catch {
            guard error.status == 413, !isLast else { throw error }
            return nil
        }
    }

    private func names(in answer: MountAnswer) throws(ChromaError) -> [String] {
        try columns(of: answer) { tape, binary in
            ChromaColumns(tape, binary, at: tape.root).ids
        }
    }
}
