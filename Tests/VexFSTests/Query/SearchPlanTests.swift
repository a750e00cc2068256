import Testing

@testable import VexFS

@Suite struct SearchPlanTests {
    private static func request(_ change: (inout QueryRequest) -> Void) -> QueryRequest {
        var request = QueryRequest(target: .text("x"), title: "x")
        change(&request)
        return request
    }

    @Test func asksForWhatIsShownAndSkipped() {
        let plain = Self.request {
            $0.limit = 10
            $0.offset = 5
        }
        #expect(SearchPlan(request: plain, available: 1000).limit == 15)
        #expect(SearchPlan(request: plain, available: 7).limit == 7)
        let like = Self.request { $0.target = .like(id: "a") }
        #expect(SearchPlan(request: like, available: 1000).limit == 11)
    }

    @Test func groupsWidenUntilEverythingWasAskedFor() {
        let grouped = Self.request {
            $0.groupBy = "lang"
            $0.limit = 5
            $0.groupSize = 5
        }
        var plan = SearchPlan(request: grouped, available: 1000)
        var limits = [plan.limit]
        while plan.widen() { limits.append(plan.limit) }
        #expect(limits == [100, 400, 1000])
        var none = SearchPlan(request: grouped, available: 0)
        #expect(none.limit == 0)
        let widened = none.widen()
        #expect(!widened)
    }
}
