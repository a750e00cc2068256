extension QueryPath {
    /// The canonical path below `query` for a search: options that differ from the defaults in one segment, then the
    /// text. Parsing it gives an equal request, as long as `where=` was written in a path (`filterText`).
    public static func text(for request: QueryRequest) -> String {
        let defaults = QueryRequest(target: request.target, title: request.title)
        var items: [String] = []
        func add(_ name: QueryItems.Name, _ value: String) { items.append("\(name.rawValue)=\(value)") }
        func add<T: Equatable>(_ name: QueryItems.Name, _ value: T, unless standard: T) {
            if value != standard { add(name, "\(value)") }
        }
        add(.k, request.limit, unless: defaults.limit)
        add(.offset, request.offset, unless: defaults.offset)
        if let minimum = request.minimumScore { add(.min, "\(minimum)") }
        add(.mode, request.mode.rawValue, unless: defaults.mode.rawValue)
        if let ef = request.ef { add(.ef, "\(ef)") }
        if !request.using.isEmpty { add(.using, value(request.using)) }
        if let fields = request.fields { add(.fields, fields.map(value).joined(separator: ",")) }
        if let field = request.groupBy { add(.group, value(field)) }
        add(.groupSize, request.groupSize, unless: defaults.groupSize)
        if let budget = request.tokenBudget { add(.budget, "\(budget)") }
        switch request.target {
        case .text: break
        case .like(let id): add(.like, value(id.string))
        case .vector(let vector): add(.vec, VectorText.encode(vector))
        case .sparse(let vector): add(.vec, VectorText.encode(vector))
        case .multiple(let vectors): add(.vec, vectors.map { VectorText.encode($0) }.joined(separator: "~"))
        }
        // Last: it may take any item after it that is not an option's.
        if let filter = request.filterText { add(.filter, filter) }
        let prefix = items.isEmpty ? "" : items.joined(separator: ",") + "/"
        return prefix + leaf(request)
    }

    private static func value(_ text: String) -> String { PercentEncoding.encode(text.utf8, reserved: ",=") }

    private static func leaf(_ request: QueryRequest) -> String {
        var title = request.title
        if case .text(let text) = request.target { title = text }
        if title.isEmpty { title = "answer" }
        var name = PercentEncoding.encode(title.utf8, reserved: "=")
        if name.utf8.first == UInt8(ascii: ".") { name = "%2E" + name.dropFirst() }
        for format in QueryRequest.Format.allCases where name.hasSuffix(".\(format.rawValue)") {
            name = name.dropLast(format.rawValue.utf8.count + 1) + "%2E" + format.rawValue
            break
        }
        return request.format == .jsonl ? name : "\(name).\(request.format.rawValue)"
    }
}
