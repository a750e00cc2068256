import Testing

@testable import VexFS

@Suite struct SearchAnswerWhyTests {
    private static func why(
        metric: Metric = .cosine, _ request: (inout QueryRequest) -> Void = { _ in },
        _ facts: (inout SearchExplanation) -> Void
    ) -> String {
        var asked = QueryRequest(target: .text("x"), title: "x")
        request(&asked)
        return AnswerFixture.answer([], metric: metric, facts).why(for: asked)
    }

    @Test func nonEmptyAnswersAreCounted() {
        let request = QueryRequest(target: .text("x"), title: "x")
        #expect(AnswerFixture.answer([AnswerFixture.refunds]).why(for: request) == "1 result")
        #expect(AnswerFixture.answer([AnswerFixture.refunds, AnswerFixture.returns]).why(for: request) == "2 results")
        #expect(AnswerFixture.render(.why) == "2 results\n")
    }

    @Test func emptyScopes() {
        #expect(Self.why { $0.documents = 0 } == "there are no documents")
        #expect(Self.why({ $0.folder = "sub" }, { $0.documents = 0 }) == "there are no documents in this folder")
        #expect(
            Self.why({ $0.filter = .exists(field: "a") }, { $0.matching = 0 }) == "the filter passes 0 of 5 documents")
        #expect(Self.why({ $0.folder = "sub" }, { $0.matching = 0 }) == "the folder holds none of 5 documents")
    }

    @Test func missingVectors() {
        let none: (inout SearchExplanation) -> Void = {
            $0.vectors = 0
            $0.pending = 2
        }
        #expect(Self.why({ _ in }, none) == "none of 5 documents has a vector, 2 still waiting for one")
        #expect(Self.why { $0.vectors = 0 } == "none of 5 documents has a vector, none is waiting for one")
        #expect(Self.why { $0.matching = 1 } == "none of the 1 document in scope has a vector to compare")
    }

    @Test(arguments: [QueryRequest.Mode.text, .hybrid]) func missingWords(mode: QueryRequest.Mode) {
        let sentence = Self.why({ $0.mode = mode }, { $0.vectors = 0 })
        #expect(sentence == "none of the 5 documents in scope has one of the words")
    }

    @Test func scoresCutByTheMinimum() {
        let asked: (inout QueryRequest) -> Void = { $0.minimumScore = 0.5 }
        #expect(Self.why(asked) { $0.nearestScore = 0.412 } == "the nearest score, 0.412, is below min=0.5")
        #expect(
            Self.why(metric: .euclidean, asked) { $0.nearestScore = 0.75 }
                == "the nearest score, 0.75, is above min=0.5")
        let pending: (inout SearchExplanation) -> Void = {
            $0.nearestScore = 0.412
            $0.pending = 1
        }
        #expect(
            Self.why(asked, pending)
                == "the nearest score, 0.412, is below min=0.5; 1 document still waiting for a vector")
    }

    @Test func skippedAndUngrouped() {
        #expect(Self.why({ $0.offset = 50 }, { $0.nearestScore = 1 }) == "offset=50 skips every result")
        #expect(
            Self.why({ $0.groupBy = "lang" }, { $0.nearestScore = 1 })
                == "no near document has the field \"lang\" to group by")
    }
}
