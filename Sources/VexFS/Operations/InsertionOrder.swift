import Synchronization

/// The rows of a collection in the order in which their documents first came, kept from one page to the next.
///
/// Only the last selection that was not read to its end is kept: 8 bytes for each of its rows. Thread-safe.
final class InsertionOrder: Sendable {
    private struct Kept {
        var selection: RowBitmap
        var order: [Row]
    }
    private let kept = Mutex<Kept?>(nil)

    /// A page of rows; `identify` tells the files of rows. O(rows) for the first page of a selection, and for every
    /// one where rows came or went in between; then O(page) and a comparison of two bitmaps.
    func page(
        of selection: RowBitmap, offset: Int, limit: Int, identify: ([Row]) -> [FileNumber?]
    ) -> [Row] {
        let known = kept.withLock { kept in kept.flatMap { $0.selection == selection ? $0.order : nil } }
        let order = known ?? Self.sorted(selection, identify)
        let page = Array(order.dropFirst(offset).prefix(limit))
        let isLast = page.count == max(0, order.count - offset)
        kept.withLock { kept in
            if !isLast {
                if known == nil { kept = Kept(selection: selection, order: order) }
            } else if known != nil {
                kept = nil
            }
        }
        return page
    }

    /// A file keeps its number when its document changes. Most rows are in the order of their files already.
    private static func sorted(_ selection: RowBitmap, _ identify: ([Row]) -> [FileNumber?]) -> [Row] {
        let rows = selection.rows
        return zip(identify(rows), rows).compactMap { file, row in file.map { (file: $0, row: row) } }
            .sorted { $0.file < $1.file }.map(\.row)
    }
}
