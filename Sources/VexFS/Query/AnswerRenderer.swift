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

    /// What the query is about; nothing where it is a vector or a document.
    var words: Passage.Words {
        if case .text(let text) = request.target { Passage.Words(of: text) } else { Passage.Words(of: "") }
    }

    /// The line of the file that stands `skipped` lines into a result's text.
    func line(of hit: SearchHit, skipping skipped: Int) -> Int {
        // A JSON document's text has its own lines, not the file's.
        hit.path.hasSuffix(".json") ? hit.line : hit.line + skipped
    }

    /// Where a result's document is, below the mount.
    func file(of hit: SearchHit) -> String { mountRoot.isEmpty ? hit.path : "\(mountRoot)/\(hit.path)" }
}
