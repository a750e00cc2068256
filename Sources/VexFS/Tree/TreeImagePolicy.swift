/// When an image of a collection's tree is written.
struct TreeImagePolicy: Sendable {
    /// Changed files that are quickly read one by one.
    var tolerated = 2048

    /// Whether an image is worth its writing.
    /// - Parameters:
    ///   - files: how many files the collection has.
    ///   - changes: how many of them are not in the last image as they are.
    ///   - isWritten: whether changes go on: the image is soon behind again then.
    func isWorthwhile(files: Int, changes: Int, isWritten: Bool) -> Bool {
        changes > (isWritten ? tolerated * 32 + files / 4 : tolerated + files / 64)
    }
}
