/// Writes an answer in the format its request asks for.
public struct AnswerRenderer: Sendable {
    let answer: SearchAnswer
    let request: QueryRequest
    let mountRoot: String
    let showsCollection: Bool
    var fields: AnswerFields { AnswerFields(request.fields) }

    /// Prepares an answer. Files are shown below `mountRoot`, an absolute path without a slash at the end ("" shows
    /// paths relative to the mount); `acrossCollections` adds each result's collection.
    public init(answer: SearchAnswer, request: QueryRequest, mountRoot: String, acrossCollections: Bool = false) {
        self.answer = answer
        self.request = request
        self.mountRoot = mountRoot
        showsCollection = acrossCollections
    }

    /// The bytes that a reader of the query's file gets. O(size of the results).
    public func render() -> [UInt8] {
        var bytes: [UInt8] = []
        switch request.format {
        case .jsonl: writeJSONLines(to: &bytes)
        case .json: writeJSON(to: &bytes)
        case .tsv: writeTable(to: &bytes)
        case .ids: writeIdentifiers(to: &bytes)
        case .paths: writePaths(to: &bytes)
        case .grep: writeGrep(to: &bytes)
        case .md: writeMarkdown(to: &bytes)
        case .ctx: writeContext(to: &bytes)
        case .explain: bytes = explanation.pretty
        case .why: bytes.append(contentsOf: "\(answer.why(for: request))\n".utf8)
        }
        return bytes
    }

    /// Where a result's document is, below the mount.
    func file(of hit: SearchHit) -> String { mountRoot.isEmpty ? hit.path : "\(mountRoot)/\(hit.path)" }
}
