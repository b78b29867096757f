/*
 * Business rule "ticketgate: send" -- When: async; Insert and Update; Order: 1000; Advanced.
 * One per table: sc_req_item, incident, sysapproval_approver.
 */
(function executeRule(current, previous /* null when async */) {
    new TicketgateHook().send(current);
})(current, previous);
