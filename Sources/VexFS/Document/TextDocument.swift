/// Reads text documents and the front matter of Markdown.
enum TextDocument {
    /// Reads text; never fails: what is not text is kept unindexed and says why.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, as format: DocumentFormat) -> ParsedDocument {
        var document = ParsedDocument(format: format)
        if let nul = bytes.firstIndex(of: 0) {
            document.unindexedReason = "not text: a NUL byte at byte \(nul)"
            return document
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = UnsafeBufferPointer(rebasing: bytes.dropFirst(bytes.starts(with: mark) ? 3 : 0))
        guard let whole = String(validating: body, as: UTF8.self) else {
            document.unindexedReason = "not text: the bytes are not UTF-8"
            return document
        }
        if format == .markdown, let matter = FrontMatter(of: body) {
            document.metadata = .object(matter.members)
            document.textLine = matter.linesBefore + 1
            document.text = String(decoding: body.dropFirst(matter.bytesBefore), as: UTF8.self)
        } else {
            document.text = whole
        }
        if document.isBlank {
            document.text = ""
            document.unindexedReason = "the text is blank"
        }
        return document
    }
}
