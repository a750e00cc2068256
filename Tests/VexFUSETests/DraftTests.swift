import Testing
import VexFS

@testable import VexFUSE

@Suite struct DraftTests {
    private func write(_ text: String, at offset: Int, to draft: inout Draft) -> Draft.Verdict {
        Array(text.utf8).withUnsafeBytes { draft.write($0, at: offset) }
    }

    private func commit(_ draft: inout Draft) -> Bool { draft.committed(generation: draft.generation) }

    /// The bytes that a decision commits, or nil.
    private func committed(_ decision: Draft.Decision) -> String? {
        guard case .commit(let bytes, _, _) = decision else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func isNothing(_ decision: Draft.Decision) -> Bool {
        if case .nothing = decision { return true }
        return false
    }

    @Test func aHandleThatWroteNothingCommitsNothing() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: false)
        #expect(isNothing(draft.flushDecision()))
        #expect(isNothing(draft.syncDecision()))
        #expect(isNothing(draft.releaseDecision()))
        #expect(!draft.isVisible)
    }

    @Test func aNewFileIsCommittedEmptyAtTheFirstFlush() {
        var draft = Draft(isJSON: true, isNew: true, isTruncated: false)
        #expect(committed(draft.flushDecision()) == "")
        #expect(commit(&draft))
        #expect(isNothing(draft.flushDecision()))
    }

    @Test func aTruncationAloneWaitsForTheSecondCleanFlush() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: true)
        #expect(draft.isVisible)
        #expect(isNothing(draft.flushDecision()))
        #expect(committed(draft.flushDecision()) == "")
    }

    @Test func aTruncationAloneIsCommittedAtTheRelease() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: true)
        #expect(isNothing(draft.flushDecision()))
        #expect(committed(draft.releaseDecision()) == "")
    }

    @Test func aTruncationFollowedByAWriteCommitsOnlyTheWrite() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: true)
        #expect(isNothing(draft.flushDecision()))
        #expect(write("{}", at: 0, to: &draft) == .complete)
        #expect(committed(draft.flushDecision()) == "{}")
        #expect(isNothing(draft.releaseDecision()))
    }

    @Test func anFsyncTakesATruncationAtItsWord() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: true)
        #expect(committed(draft.syncDecision()) == "")
    }

    @Test func aWriteThatCanOnlyBeWrongStaysOut() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: true)
        #expect(write("{\"a\":", at: 0, to: &draft) == .accepted)
        guard case .invalid(let offset, _) = write("]", at: 5, to: &draft) else {
            Issue.record("a bracket instead of a value was accepted")
            return
        }
        #expect(offset == 5)
        #expect(draft.bytes == Array("{\"a\":".utf8))
        #expect(write("1}", at: 5, to: &draft) == .complete)
    }

    @Test func aRefusedTruncationIsNeverCommittedAsEmpty() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: true)
        #expect(isNothing(draft.flushDecision()))
        draft.refuse(VexFSError(.malformedDocument, "wrong"))
        for _ in 0..<3 {
            guard case .refuse(let error) = draft.flushDecision() else {
                Issue.record("a refused draft was committed")
                return
            }
            #expect(error.code == .malformedDocument)
        }
        #expect(isNothing(draft.releaseDecision()))
    }

    @Test func whatACheckRefusesIsTakenBack() {
        var draft = Draft(isJSON: true, isNew: true, isTruncated: false)
        _ = write("{\"a\":", at: 0, to: &draft)
        #expect(write("1}", at: 5, to: &draft) == .complete)
        draft.takeBackAppend(error: VexFSError(.dimensionMismatch, "2 instead of 3"))
        #expect(draft.bytes.count == 5)
        guard case .refuse = draft.flushDecision() else {
            Issue.record("a refused draft was committed")
            return
        }
        #expect(write("2}", at: 5, to: &draft) == .complete)
        #expect(committed(draft.flushDecision()) == "{\"a\":2}")
    }

    @Test func bytesOutOfOrderAreJudgedLater() {
        var draft = Draft(isJSON: true, isNew: true, isTruncated: false)
        #expect(write("]]", at: 3, to: &draft) == .accepted)
        #expect(draft.bytes == [0, 0, 0] + Array("]]".utf8))
        #expect(write("{}", at: 0, to: &draft) == .accepted)
        #expect(draft.bytes == Array("{}".utf8) + [0] + Array("]]".utf8))
    }

    @Test func loadedEmptyContentIsJudgedAsItArrives() {
        var draft = Draft(isJSON: true, isNew: false, isTruncated: false)
        draft.load([])
        guard case .invalid = write("nope", at: 0, to: &draft) else {
            Issue.record("text was accepted as JSON")
            return
        }
    }

    @Test func textIsNotJudged() {
        var draft = Draft(isJSON: false, isNew: true, isTruncated: false)
        #expect(write("]", at: 0, to: &draft) == .accepted)
    }

    @Test func aCommitOfAnOlderGenerationLeavesTheDraftDirty() {
        var draft = Draft(isJSON: false, isNew: true, isTruncated: false)
        _ = write("one", at: 0, to: &draft)
        let generation = draft.generation
        _ = write(" two", at: 3, to: &draft)
        let isCurrent = draft.committed(generation: generation)
        #expect(!isCurrent)
        #expect(committed(draft.flushDecision()) == "one two")
        #expect(commit(&draft))
        draft.unload()
        #expect(!draft.isLoaded)
        #expect(isNothing(draft.flushDecision()))
    }

    @Test func onlyFinalErrorsAreRemembered() {
        var draft = Draft(isJSON: false, isNew: true, isTruncated: false)
        _ = write("x", at: 0, to: &draft)
        draft.commitFailed(VexFSError(.storeFull, "full"), generation: draft.generation)
        #expect(committed(draft.flushDecision()) == "x")
        draft.commitFailed(VexFSError(.malformedDocument, "wrong"), generation: draft.generation)
        #expect(committed(draft.flushDecision()) == nil)
        draft.resize(to: 0)
        #expect(committed(draft.flushDecision()) == "")
    }

    @Test func resizingCutsAndFills() {
        var draft = Draft(isJSON: false, isNew: false, isTruncated: false)
        draft.load(Array("hello".utf8))
        draft.resize(to: 2)
        #expect(draft.bytes == Array("he".utf8))
        draft.resize(to: 4)
        #expect(draft.bytes == Array("he".utf8) + [0, 0])
        #expect(draft.isDirty)
    }

    @Test func whatOnlyLooksWholeIsScannedWhenTheCheckRefuses() {
        var draft = Draft(isJSON: true, isNew: true, isTruncated: false)
        #expect(write("{\"a\":{}", at: 0, to: &draft) == .complete)
        #expect(draft.verdictAfterRefusal() == .accepted)
        #expect(write("}", at: 7, to: &draft) == .complete)
        guard case .invalid(let offset, _) = write("}", at: 8, to: &draft) else {
            Issue.record("a second end of the object was accepted")
            return
        }
        #expect(offset == 8)
    }

    @Test func whatEndsLikeADocumentAndIsNoneIsInvalid() {
        var draft = Draft(isJSON: true, isNew: true, isTruncated: false)
        #expect(write("{nope}", at: 0, to: &draft) == .complete)
        guard case .invalid(let offset, _) = draft.verdictAfterRefusal() else {
            Issue.record("accepted")
            return
        }
        #expect(offset == 1)
    }

    @Test func aCheckedDocumentTakesWhiteSpaceOnly() {
        var draft = Draft(isJSON: true, isNew: true, isTruncated: false)
        #expect(write("{}", at: 0, to: &draft) == .complete)
        draft.accept(ParsedDocument(format: .json), generation: draft.generation)
        #expect(write("\n", at: 2, to: &draft) == .complete)
        guard case .invalid(let offset, _) = write("x", at: 3, to: &draft) else {
            Issue.record("accepted")
            return
        }
        #expect(offset == 3)
    }
}
