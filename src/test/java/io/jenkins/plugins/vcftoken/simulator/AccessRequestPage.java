package io.jenkins.plugins.vcftoken.simulator;

import java.util.List;

/** Page on which an administrator of VCF Automation grants or denies device authorization requests. */
final class AccessRequestPage {

    static final String PATH = "/automation/";

    private static final String PAGE = """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>Simulator: access requests</title></head>
            <body>
            <h1>Access requests</h1>
            %s
            </body>
            </html>
            """;

    private static final String REQUEST = """
            <form method="post" action="%s">
            <p>User code <strong>%2$s</strong>
            <input type="hidden" name="user_code" value="%2$s">
            <button name="answer" value="grant">Grant</button>
            <button name="answer" value="deny">Deny</button></p>
            </form>
            """;

    private final DeviceAuthorizationApi devices;

    AccessRequestPage(DeviceAuthorizationApi devices) {
        this.devices = devices;
    }

    Reply answer(Call call) {
        if (call.method().equals("POST")) {
            devices.decide(
                    call.form().getOrDefault("user_code", ""),
                    "grant".equals(call.form().get("answer")));
        }
        List<String> userCodes = devices.pendingUserCodes();
        StringBuilder requests = new StringBuilder(userCodes.isEmpty() ? "<p>No request waits for an answer.</p>" : "");
        userCodes.forEach(userCode -> requests.append(REQUEST.formatted(PATH, userCode)));
        return new Reply(200, "text/html", PAGE.formatted(requests));
    }
}
