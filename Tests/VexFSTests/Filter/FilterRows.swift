import Foundation
import Synchronization

@testable import VexFS

/// Documents by row, as a collection would hand them to an index.
final class FilterRows: FilterSource, Sendable {
    private struct State {
        var subjects: [FilterSubject] = []
        var loads = 0
        var textLoads = 0
        var loaded = RowBitmap()
        var fails = false
        var gone = RowBitmap()
        var interruption: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    let slices = SliceIndex()

    var count: Int { state.withLock { $0.subjects.count } }
    /// How often metadata was loaded.
    var loads: Int { state.withLock { $0.loads } }
    /// The rows whose metadata was loaded last.
    var loaded: [Row] { state.withLock { $0.loaded.rows } }
    /// Whether loading fails.
    var fails: Bool {
        get { state.withLock { $0.fails } }
        set { state.withLock { $0.fails = newValue } }
    }
    /// Called once, when the next load has handed over the first of its rows.
    var interruption: (@Sendable () -> Void)? {
        get { state.withLock { $0.interruption } }
        set { state.withLock { $0.interruption = newValue } }
    }
    /// How many texts were loaded.
    var textLoads: Int { state.withLock { $0.textLoads } }

    func append(_ subject: FilterSubject) -> Row {
        state.withLock { state in
            state.subjects.append(subject)
            return Row(state.subjects.count - 1)
        }
    }

    func append(_ payload: JSON) -> Row { append(FilterSubject(payload: payload, id: ByteString("row \(count)"))) }

    subscript(row: Row) -> FilterSubject {
        get { state.withLock { $0.subjects[Int(row)] } }
        set { state.withLock { $0.subjects[Int(row)] = newValue } }
    }

    func loadPayloads(
        _ rows: RowBitmap, keeping keys: [ByteString]?, _ body: (Row, JSON) -> Void
    ) throws(VexFSError) {
        let fails = state.withLock { state in
            state.loads += 1
            state.loaded = rows
            return state.fails
        }
        if fails { throw VexFSError(.inputOutput, "the disk is gone") }
        for row in rows.rows where !gone.contains(row) {
            body(row, try JSON.parse(self[row].payload.compact, keeping: keys, code: .corruption))
            interrupt()
        }
    }

    func loadTexts(_ rows: RowBitmap, _ body: (Row, ByteString) -> Void) throws(VexFSError) {
        rows.forEach { row in
            guard !gone.contains(row), let text = self[row].text else { return }
            state.withLock { $0.textLoads += 1 }
            body(row, text)
            interrupt()
        }
    }

    private func interrupt() {
        let interruption = state.withLock { state in
            defer { state.interruption = nil }
            return state.interruption
        }
        interruption?()
    }

    func loadIdentifiers(_ rows: RowBitmap, _ body: (Row, ByteString) -> Void) throws(VexFSError) {
        rows.forEach { body($0, self[$0].id) }
    }

    func rows(withIdentifiers ids: Set<ByteString>) throws(VexFSError) -> RowBitmap {
        rows { ids.contains($0.id) }
    }

    /// The rows that are gone.
    var gone: RowBitmap {
        get { state.withLock { $0.gone } }
        set { state.withLock { $0.gone = newValue } }
    }

    func present(_ rows: RowBitmap) -> RowBitmap { rows.subtracting(gone) }

    func rows(withVector name: ByteString) throws(VexFSError) -> RowBitmap { rows { $0.vectors.contains(name) } }

    /// The rows of the documents that pass a test.
    func rows(where passes: (FilterSubject) -> Bool) -> RowBitmap {
        let subjects = state.withLock { $0.subjects }
        return RowBitmap(subjects.indices.filter { passes(subjects[$0]) }.map { Row($0) })
    }
}

/// The files of the directory `Tests/Fixtures/filters`.
enum FilterFixtures {
    static func json(_ name: String, file: String = #filePath) throws -> JSON {
        let directory = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try Data(contentsOf: URL(fileURLWithPath: "/\(directory)/Fixtures/filters/\(name)"))
        return try JSON.parse(Array(data))
    }
}
