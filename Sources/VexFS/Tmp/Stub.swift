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
extension Filter.Value { init?(json: JSON) { switch json { case .bool(let b): self = .bool(b)
 case .integer(let i): self = .integer(i)
 case .number(let n): self = .number(n)
 case .string(let t): self = .string(ByteString(t))
 default: return nil } }
 var json: JSON { switch self { case .bool(let b): .bool(b)
 case .integer(let i): .integer(i)
 case .number(let n): .number(n)
 case .string(let t): .string(t.string) } } }
