/// The names below a `query` directory: `[OPTIONS/]…TEXT[.FORMAT]`.
///
/// Looking at a name never searches: everything here is parsing, O(length of the name).
public enum QueryPath {
    /// The longest part of a path that is taken, in bytes; the kernel's limit for a whole path is 4096.
    public static let maximumComponentBytes = 4000

    /// What a part of the path is.
    public enum Component: Sendable, Equatable {
        /// Options: shown as a directory.
        case options
        /// A text with its format: shown as a file.
        case text
    }

    /// What a name is, judged by its form alone: a name that begins with `option=` is options (unless it holds
    /// `text=`), any other name is a text.
    /// - Throws: `invalidQuery` (EINVAL) for options that are malformed, a name that is too long or begins with ".".
    public static func classify(_ component: ByteString) throws(VexFSError) -> Component {
        guard component.count <= maximumComponentBytes else {
            throw VexFSError(
                .invalidQuery,
                "The part of the path is \(component.count) bytes long; at most \(maximumComponentBytes) are allowed")
        }
        let bytes = Array(component.string.utf8)
        if bytes.first == UInt8(ascii: ".") {
            throw VexFSError(.invalidQuery, "A name that begins with \".\" is not a search; write %2E for the point")
        }
        guard QueryItems.isOptions(bytes) else { return .text }
        return try QueryItems(bytes).text == nil ? .options : .text
    }

    /// The search that the names below `query` ask for.
    ///
    /// `folder` is the folder whose `query` it is, as a path within the collection, "" for the collection's own.
    /// - Throws: `invalidQuery` (EINVAL) with a sentence that names the part and what is allowed; what `parseFilter`
    ///   throws.
    public static func parse(
        _ components: [ByteString], folder: String = "",
        parseFilter: QueryOptions.FilterParser = QueryOptions.standardFilterParser
    ) throws(VexFSError) -> QueryRequest {
        guard let last = components.last else {
            throw VexFSError(.invalidQuery, "The path ends at query/; the text to search for comes after it")
        }
        var options = QueryOptions()
        for component in components.dropLast() {
            guard try classify(component) == .options else {
                throw VexFSError(
                    .invalidQuery,
                    "\"\(component)\" is a text, and only the last part of a query path is one; write %2F for \"/\"")
            }
            try options.apply(component, parseFilter: parseFilter)
        }
        return try request(last, options: options, folder: folder, parseFilter: parseFilter)
    }

    /// The search that a last name asks for below directories that set `options`.
    /// - Throws: as ``parse(_:folder:parseFilter:)``.
    public static func request(
        _ leaf: ByteString, options inherited: QueryOptions, folder: String = "",
        parseFilter: QueryOptions.FilterParser = QueryOptions.standardFilterParser
    ) throws(VexFSError) -> QueryRequest {
        guard try classify(leaf) == .text else {
            throw VexFSError(.invalidQuery, "\"\(leaf)\" holds only options; add the text to search for after it")
        }
        var options = inherited
        var written = ArraySlice(Array(leaf.string.utf8))
        if QueryItems.isOptions(Array(written)) {
            let items = try QueryItems(Array(written))
            try options.apply(items, parseFilter: parseFilter)
            written = items.text ?? []
            if options.like != nil || options.vector != nil {
                throw VexFSError(.invalidQuery, "text= can't be combined with like= or vec=; give one of them")
            }
        }
        let (raw, format) = splitFormat(written)
        let title = try text(raw)
        var request = QueryRequest(target: try target(options, title: title), title: title)
        request.format = format
        request.folder = folder
        options.write(to: &request)
        return request
    }

    private static func target(_ options: QueryOptions, title: String) throws(VexFSError) -> QueryRequest.Target {
        switch (options.like, options.vector) {
        case (nil, nil): return .text(title)
        case (let id?, nil): return .like(id: id)
        case (nil, .dense(let vector)?): return .vector(vector)
        case (nil, .sparse(let vector)?): return .sparse(vector)
        case (nil, .multiple(let vectors)?): return .multiple(vectors)
        default: throw VexFSError(.invalidQuery, "like= and vec= can't be combined; give one of them")
        }
    }

    private static func text(_ raw: ArraySlice<UInt8>) throws(VexFSError) -> String {
        guard let text = String(validating: PercentEncoding.decode(raw), as: UTF8.self) else {
            throw VexFSError(.invalidQuery, "The text is not UTF-8 once its %XX are resolved")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw VexFSError(.invalidQuery, "The text is empty; write what to search for, then .FORMAT if you want one")
        }
        return text
    }

    /// Cuts off the format. `.explain` and `.why` ask about the search of the name before them, so a format there is
    /// cut off as well: `refunds.md.explain` explains `refunds.md`.
    private static func splitFormat(
        _ written: ArraySlice<UInt8>
    ) -> (text: ArraySlice<UInt8>, format: QueryRequest.Format) {
        guard let (text, format) = suffix(of: written) else { return (written, .jsonl) }
        if format == .explain || format == .why, let inner = suffix(of: text) { return (inner.text, format) }
        return (text, format)
    }

    private static func suffix(
        of written: ArraySlice<UInt8>
    ) -> (text: ArraySlice<UInt8>, format: QueryRequest.Format)? {
        guard let point = written.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let name = String(decoding: written[(point + 1)...], as: UTF8.self)
        guard let format = QueryRequest.Format(rawValue: name) else { return nil }
        return (written[..<point], format)
    }
}

extension QueryOptions {
    fileprivate func write(to request: inout QueryRequest) {
        if let limit { request.limit = limit }
        if let offset { request.offset = offset }
        if let mode { request.mode = mode }
        if let groupSize { request.groupSize = groupSize }
        if let using { request.using = using }
        request.minimumScore = minimumScore
        request.ef = ef
        request.fields = fields
        request.groupBy = groupBy
        request.tokenBudget = tokenBudget
        request.filter = filter
        request.filterText = filterText
    }
}
