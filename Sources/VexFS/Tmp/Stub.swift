typealias PayloadLoad = (RowBitmap, (Row, JSON) -> Void) throws(VexFSError) -> Void
final class PayloadIndex: Sendable {
    var hasColumns: Bool { false }
    var indexedFields: [String] { [] }
    func insert(row: Row, metadata: JSON) {}
    func rows(matching f: Filter, among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> RowBitmap { live }
    func fields(among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> [String] { [] }
    func values(of f: String, among live: RowBitmap, load: PayloadLoad) throws(VexFSError) -> [(value: ByteString, count: Int)] { [] }
    func rows(whereField: String, hasText: ByteString, among: RowBitmap, load: PayloadLoad) throws(VexFSError) -> RowBitmap { among }
    func build(_ f: String, among: RowBitmap, load: PayloadLoad) throws(VexFSError) {}
}
enum FileNaming { static func check(_ n: ByteString) throws(VexFSError) {}
 static func kind(of: ByteString, inScratch: Bool) -> FileKind { .document }
 static func format(of: ByteString) -> DocumentFormat { .json }
 static func identifier(ofPath: String) -> ByteString { ByteString(ofPath) }
 static func candidatePaths(forID: ByteString) -> [String] { [] }
 static func name(forID: ByteString) -> ByteString { forID } }
