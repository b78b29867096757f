/*
 * Script include TicketgateHook: signs a record as Standard Webhooks says and posts it.
 * ES5. Properties: ticketgate.url, ticketgate.secret (whsec_...), ticketgate.mid_server.
 *
 * The id of a delivery is <sys_id>-<sys_mod_count>; the same revision has the same id and body.
 * Only the columns below are sent: no comments, no work notes, no attachments.
 */
var TicketgateHook = Class.create();

TicketgateHook.COLUMNS = [
    "sys_id", "sys_class_name", "sys_mod_count", "sys_updated_on", "sys_updated_by",
    "number", "state", "approval", "priority", "category", "short_description", "description",
    "opened_by", "caller_id", "requested_for", "requested_by", "justification",
    "assigned_to", "assignment_group", "cat_item", "cmdb_ci", "correlation_id", "approver", "sysapproval"
];
TicketgateHook.APPROVAL_COLUMNS = [ // of sysapproval_approver: how the row came to be
    "sys_created_by", "wf_activity", "process_step", "group", "due_date"
];
TicketgateHook.TEXT_MAX = 20000; // characters; a longer text is not sent and so counts as absent
TicketgateHook.MASKED = "25";    // question type of a masked variable: a secret, never sent

TicketgateHook.prototype = {
    type: "TicketgateHook",

    initialize: function() {
        this.url = String(gs.getProperty("ticketgate.url", ""));
        this.secret = String(gs.getProperty("ticketgate.secret", ""));
        this.midServer = String(gs.getProperty("ticketgate.mid_server", ""));
    },

    /* Posts the record; true when the gateway answered 202. Never throws into the business rule. */
    send: function(record) {
        var id = record.getUniqueValue() + "-" + (record.getValue("sys_mod_count") || "0");
        try {
            var status = this.post(id, this.body(record));
            if (status === 202) {
                return true;
            }
            gs.error("ticketgate: delivery " + id + " was answered " + status);
        } catch (error) {
            gs.error("ticketgate: delivery " + id + " failed: " + error);
        }
        return false;
    },

    post: function(id, body) {
        var timestamp = String(Math.floor(new Date().getTime() / 1000));
        var request = new sn_ws.RESTMessageV2();
        request.setEndpoint(this.url);
        request.setHttpMethod("POST");
        request.setHttpTimeout(10000);
        if (this.midServer) {
            request.setMIDServer(this.midServer);
        }
        request.setRequestHeader("Content-Type", "application/json");
        request.setRequestHeader("webhook-id", id);
        request.setRequestHeader("webhook-timestamp", timestamp);
        request.setRequestHeader("webhook-signature", this.sign(id, timestamp, body));
        request.setRequestBody(body);
        return Number(request.execute().getStatusCode());
    },

    sign: function(id, timestamp, body) {
        if (this.secret.indexOf("whsec_") !== 0) {
            throw new Error("the property ticketgate.secret is not readable as whsec_...");
        }
        var Mac = typeof CertificateEncryption === "undefined"
            ? GlideCertificateEncryption : CertificateEncryption; // global and scoped name
        var key = this.secret.substring("whsec_".length);
        return "v1," + new Mac().generateMac(key, "HmacSHA256", id + "." + timestamp + "." + body);
    },

    /* ASCII only, so that no step on the way can encode it in two ways. */
    body: function(record) {
        var sent = { table: String(record.getTableName()), record: this.columns(record) };
        return JSON.stringify(sent).replace(/[\u007f-\uffff]/g, function(one) {
            return "\\u" + ("000" + one.charCodeAt(0).toString(16)).slice(-4);
        });
    },

    columns: function(record) {
        var sent = {};
        var names = TicketgateHook.COLUMNS;
        if (String(record.getTableName()) === "sysapproval_approver") {
            names = names.concat(TicketgateHook.APPROVAL_COLUMNS);
        }
        for (var i = 0; i < names.length; i++) {
            var name = names[i];
            if (record.isValidField(name)) {
                this.put(sent, name, record.getValue(name), record.getElement(name));
            }
        }
        if (record.isValidField("cat_item")) {
            sent.variables = this.variables(record);
        }
        return sent;
    },

    /* null when they cannot be read: the gateway then knows of each that it does not know it. */
    variables: function(record) {
        var sent = {};
        try {
            var found = record.variables.getElements();
            for (var i = 0; i < found.length; i++) {
                var question = found[i].isMultiRow() ? null : found[i].getQuestion();
                if (question && String(question.getType()) !== TicketgateHook.MASKED) {
                    this.put(sent, String(question.getName()), question.getValue(), question);
                }
            }
        } catch (error) {
            gs.error("ticketgate: variables of " + record.getUniqueValue() + ": " + error);
            return null;
        }
        return sent;
    },

    put: function(sent, name, value, shown) {
        var text = value ? this.text(value) : "";
        if (name && text.length <= TicketgateHook.TEXT_MAX) {
            sent[this.text(name)] = {
                value: text,
                display_value: this.text(shown.getDisplayValue() || "")
            };
        }
    },

    /* NUL and half of a surrogate pair become U+FFFD: the gateway would park the whole record. */
    text: function(value) {
        return String(value).replace(
            /[\ud800-\udbff][\udc00-\udfff]|[\u0000\ud800-\udfff]/g,
            function(found) { return found.length === 2 ? found : "\ufffd"; }
        );
    }
};
