// openapi.yaml sha256:e43bb8e1dcd4ea5f7526c27d189f705bd7d6f944f2c64ca020b4387958c711d2
// Made by `npm run generate`; do not edit.

export interface paths {
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells whether the NAS is ready, unclaimed or in need of recovery, and what time it is. */
        get: operations["GetStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Repeats the step a half signed-in browser has to take, after a page was loaded again. */
        get: operations["GetSignIn"];
        put?: never;
        /**
         * Checks a name and a password and says what is needed next.
         * @description The answer to a wrong name and to a wrong password is the same.
         */
        post: operations["SignIn"];
        /** Forgets the half-finished sign-in of this browser. */
        delete: operations["CancelSignIn"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends an unlock mail where an account lets only browsers in that it knows.
         * @description The answer is the same for every name, whether a mail was sent or not. The mail's link makes one browser known and lets nobody in.
         */
        post: operations["AskUnlock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/unlock/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes this browser known with the link of an unlock mail. Opening the link alone changes nothing. */
        post: operations["UnlockBrowser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/unlock/button": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets this browser wait for a short press of the button that makes it known to an account that lets only known browsers in.
         * @description The answer is the same for every name. A press that finds exactly one such browser makes it known; where two wait, both are
         *     dropped, and so are both where one waits to sign in beside one that really is locked out. Those who have nothing to unlock give way to
         *     those who wait to sign in, and all give way to a claim. A press that was for an unlock ends the waits after wrong passwords as well.
         */
        post: operations["AskUnlockPress"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/unlock/button/wait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells whether that press has come. A browser that does not ask for ten seconds no longer waits. The password is still needed. */
        post: operations["GetUnlockPress"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells whether the press has come. A browser that does not ask for ten seconds no longer waits. */
        get: operations["GetPress"];
        put?: never;
        /**
         * Lets this sign-in wait for a short press of the button in place of a code, where `presence` is among its ways.
         * @description If two browsers wait when the press comes, both are dropped. Once it is confirmed, /sign-in/code with the way `presence`
         *     finishes the sign-in. A session that began so answers only what sets up a new way in until that is done.
         */
        post: operations["AskPress"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Checks the second factor, by the way that the person chose. A code works once, and so does a press of the button. */
        post: operations["SignInCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a code to the person's e-mail address. Only the newest one counts.
         * @description Within a minute after the last one, and after five in an hour, none is sent; the answer says when the next one can be.
         */
        post: operations["SendSignInCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replaces a temporary password by one's own, and signs in. */
        post: operations["SignInPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/forgotten": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for a mail with the names of the accounts of an address, and a link for each that sets a new password.
         * @description The answer is the same for every address, known or not, and comes before anything is sent.
         */
        post: operations["Forgotten"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/password-link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells whose password a mailed link sets. It changes nothing and can be repeated. */
        post: operations["OpenPasswordLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/password-link/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets a password with a mailed link, once. It ends the account's sessions and starts none. */
        post: operations["UsePasswordLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/passphrase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Suggests a passphrase of random words. It is kept nowhere. */
        get: operations["SuggestPassphrase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sign-in/time": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks the time servers again, for somebody whose app codes cannot be checked.
         * @description No server is asked more than once a minute by this, however many ask for it.
         */
        post: operations["RetryTime"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/claim/button": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells whether the press has come. A browser that does not ask for ten seconds no longer waits. */
        get: operations["GetButtonWait"];
        put?: never;
        /**
         * Lets this browser wait for a short press of the button on the NAS.
         * @description If two browsers wait when the press comes, both are dropped.
         */
        post: operations["WaitForButton"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the first administrator, once, and signs them in. */
        post: operations["Claim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells who is signed in on this browser and for how long. */
        get: operations["GetSession"];
        put?: never;
        post?: never;
        /** Ends this session on the NAS. */
        delete: operations["SignOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/step-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Proves again who is at the keyboard, for the next five minutes.
         * @description The code is needed when 2-step verification is on.
         */
        post: operations["StepUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/step-up/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a code for a proof of identity to one's own e-mail address. */
        post: operations["SendStepUpCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one's own account. */
        get: operations["GetMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes one's own display name or language. */
        patch: operations["ChangeMe"];
        trace?: never;
    };
    "/me/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Changes one's own e-mail address. An empty address removes it.
         * @description Where a mail server is set, a code goes to the new address, which takes effect when the code was typed back; the old
         *     address is told and can undo the change for 72 hours. Without a mail server the address takes effect at once and is
         *     not confirmed.
         */
        put: operations["ChangeEmail"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/email/confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirms the new e-mail address with the code that was sent to it. */
        post: operations["ConfirmEmail"];
        /** Forgets a new e-mail address that was not confirmed. */
        delete: operations["CancelEmailChange"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/email/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Undoes a change of address with the link that the old address got. Opening the link alone changes nothing. */
        post: operations["UndoEmailChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes one's own password and ends one's other sessions. */
        put: operations["ChangePassword"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows where one is signed in, and the browsers one is known by. */
        get: operations["ListMySessions"];
        put?: never;
        post?: never;
        /** Ends all sessions of one's own but the calling one, and forgets all other browsers. */
        delete: operations["EndMyOtherSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends another session of one's own. */
        delete: operations["EndMySession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/browsers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets a browser one is known by, and ends the sessions that began in it but for the calling one. */
        delete: operations["ForgetMyBrowser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists one's API tokens, and what a new one may be given. */
        get: operations["ListMyTokens"];
        put?: never;
        /** Makes an API token. Its text is shown this once. */
        post: operations["CreateToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes an API token. Access tokens that were bought with it end at once. */
        delete: operations["RevokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/tokens/{id}/factor": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Gives an API token a second factor of the machine's own, in place of the one it had.
         * @description A token that was on hold for want of one works again. Access tokens that were bought before end.
         */
        put: operations["SetTokenFactor"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machine/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Buys an access token with an API token and its second factor.
         * @description The token travels in `Authorization`. The second factor is a code in the body, or a signature over the request with the token's key. A token
         *     without a second factor buys one, too, while its owner has 2-step verification off. A refusal about the time of a signature has a nonce in the header
         *     `Castellan-Nonce`; a signature with that nonce is good whatever the clock of the machine says.
         */
        post: operations["StartMachineSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machine/collection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hands a new token once to the machine whose key it was made for.
         * @description The request is signed with that key; `keyid` is its fingerprint. Until somebody has made the token in their browser the answer is
         *     `202`. Ten minutes after it was made, or once it was handed out, there is nothing to collect. Anybody with an account can make a token for a
         *     key: `account` says whose it is, and the machine shows that. Where several wait for one key, the one that was made first is handed out.
         */
        post: operations["CollectToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns this document. */
        get: operations["GetContract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns figures about the NAS in the text format of Prometheus. */
        get: operations["GetMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/desktop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows how one left the desktop. */
        get: operations["GetDesktop"];
        /** Remembers theme and windows for the next sign-in. */
        put: operations["SaveDesktop"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows whether 2-step verification is on, and with which devices. */
        get: operations["GetTwoStep"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the secret for a new authenticator device. It is inert until a right code came. */
        post: operations["StartEnrolment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Removes one of one's own devices; the others go on. The last way in can only be turned off.
         * @description After a press of the button stood for the code it answers only where there are five devices, to make room for a new one.
         */
        delete: operations["RemoveDevice"];
        options?: never;
        head?: never;
        /** Gives one of one's own devices another name. */
        patch: operations["RenameDevice"];
        trace?: never;
    };
    "/me/two-step/enrolment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets a device or an address that was not confirmed yet. */
        delete: operations["CancelEnrolment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a code to one's own address, to turn e-mail on as a way in. Nothing is on before it was typed back. */
        post: operations["StartEmailWay"];
        /** Turns e-mail off as a way in. The last way in can only be turned off as a whole. */
        delete: operations["TurnEmailWayOff"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/email/confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Turns e-mail on as a way in with the code that was sent. */
        post: operations["ConfirmEmailWay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes ten new recovery codes, shown this once, in place of the old ones. */
        post: operations["RenewRecoveryCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/devices/{id}/confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turns 2-step verification on with the first right code, and ends one's other sessions.
         * @description A wrong code is explained, five wrong ones discard the secret.
         */
        post: operations["ConfirmEnrolment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/off": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Turns 2-step verification off, with the password and a current code. */
        post: operations["TurnTwoStepOff"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/two-step/later": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records that the offer of 2-step verification was put off. */
        post: operations["PostponeTwoStep"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists accounts by name. */
        get: operations["ListUsers"];
        put?: never;
        /** Adds an account, with an invitation by mail or a temporary password that is shown once. */
        post: operations["AddUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reads a list of people (CSV; name, e-mail, group) and says of each line what adding it would do. It changes nothing. */
        post: operations["PreviewUsers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        /** Shows an account. */
        get: operations["GetUser"];
        put?: never;
        post?: never;
        /** Deletes an account and ends its sessions. */
        delete: operations["DeleteUser"];
        options?: never;
        head?: never;
        /** Changes an account. The last active administrator stays one. */
        patch: operations["ChangeUser"];
        trace?: never;
    };
    "/users/{id}/two-step/off": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Turns another person's 2-step verification off and ends their sessions. */
        post: operations["TurnUserTwoStepOff"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/temporary-password": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives another person a temporary password, shown once, and ends their sessions. */
        post: operations["SetTemporaryPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/invitation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mails another person a link with which they choose their password, valid for 24 hours. An earlier link is void then. */
        post: operations["InviteUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends all sessions of a person but the calling one, and forgets the browsers they are known by. */
        delete: operations["SignUserOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows who is signed in, by name. */
        get: operations["ListSessions"];
        put?: never;
        post?: never;
        /** Ends all sessions but the calling one. */
        delete: operations["SignEverybodyOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends somebody's session, but not the calling one. */
        delete: operations["EndSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the groups, the built-in ones first. */
        get: operations["ListGroups"];
        put?: never;
        /** Adds a group. */
        post: operations["AddGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        get?: never;
        /** Changes the name and the members of a group. */
        put: operations["ChangeGroup"];
        post?: never;
        /** Deletes a group. Its members stay. */
        delete: operations["DeleteGroup"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows who must use 2-step verification, who may get codes by e-mail, and when idle sessions end. */
        get: operations["GetPolicy"];
        /** Changes who must use 2-step verification, who may get codes by e-mail, and when idle sessions end. */
        put: operations["ChangePolicy"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/defender": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows which addresses are allowed and blocked, how strict the door is, and who is slowed down now. */
        get: operations["GetDefender"];
        /**
         * Changes the lists of addresses and how strict the door is.
         * @description A rule that blocks the caller's own address is refused with `own_address` unless `confirm` is true.
         */
        put: operations["ChangeDefender"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/defender/slow-downs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a slow-down before its time. */
        delete: operations["LiftSlowDown"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the mail server, without its password. */
        get: operations["GetMail"];
        /** Sets the mail server. */
        put: operations["ChangeMail"];
        post?: never;
        /** Forgets the mail server. Codes by e-mail are then not possible. */
        delete: operations["RemoveMail"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mail/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a mail to try the server, with the values given and before they are kept. */
        post: operations["TestMail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the name and the time zone of the NAS. */
        get: operations["GetSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes the name or the time zone of the NAS. */
        patch: operations["ChangeSettings"];
        trace?: never;
    };
    "/network": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the interfaces of the NAS, how each comes by its addresses, and the change that waits to be confirmed.
         * @description It answers within three seconds also where the network service of the system does not; `trouble` says so then.
         */
        get: operations["GetNetwork"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/network/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what became of the change that was made last since the start of the daemon. */
        get: operations["GetNetworkChange"];
        /**
         * Keeps the change that waits, for an administrator who is signed in at an address that it gives the NAS.
         * @description It is ConfirmNetwork without the token of the trial, for whoever opened the new address by hand or loaded the page again.
         */
        put: operations["KeepNetworkChange"];
        /**
         * Has one interface follow other settings for 60 seconds.
         * @description The change goes back by itself unless ConfirmNetwork comes in over that interface in time; also after a crash and after a power cut. One
         *     change at a time. A manual address that another machine on the link has is refused before anything is changed.
         */
        post: operations["ChangeNetwork"];
        /** Has the change that waits go back at once. */
        delete: operations["UndoNetworkChange"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/network/confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keeps the change that waits. Only a connection that came in over the changed interface, at an address it has now, can do that.
         * @description The token is that of the trial. A browser has no session yet at an address that is new to it; whoever has the token was told it
         *     after their sign-in, and it keeps this one change and opens nothing.
         */
        post: operations["ConfirmNetwork"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/network/announcement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Has the NAS found by its name on the local network, or not. */
        put: operations["ChangeAnnouncement"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/time": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compares the clock of the NAS with network time. */
        get: operations["GetTime"];
        /** Sets the time servers, and what is done with the time they tell. */
        put: operations["ChangeTime"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/time/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks the time servers now. */
        post: operations["SyncTime"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/time/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Believes a jump of the time servers that the NAS does not follow by itself.
         * @description Where the time goes back, authenticator devices that were used in the meantime have to be set up again.
         */
        post: operations["AcceptTime"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/time/hand": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets the time by hand, where no time server can be believed. */
        post: operations["SetTime"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/time/automatic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Turns the system's own time service on or off. */
        put: operations["ChangeAutomaticTime"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/time/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows how far the clock of the NAS was off, and when a clock jumped. */
        get: operations["GetTimeHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/button": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the reset button as it is right now. */
        get: operations["GetButton"];
        /**
         * Binds the reset to a key that the NAS heard while it listened, or leaves it to find its button by itself.
         * @description A key that was not pressed and released while the NAS listened is refused with `not_heard`, and so is every key ten minutes after that.
         */
        put: operations["ChooseButton"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/button/learn": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows which keys the NAS has heard since it began to listen. */
        get: operations["GetButtonLesson"];
        put?: never;
        /** Listens for a minute to all keys that may be the button. The button itself does nothing meanwhile. */
        post: operations["LearnButton"];
        /** Stops listening. What was heard can still be confirmed. */
        delete: operations["EndButtonLesson"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/button/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has presses be shown and do nothing for a minute. */
        post: operations["TestButton"];
        /** Has presses act again. */
        delete: operations["EndButtonTest"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/button/enabled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Turns the button on or off. Turned off, it does nothing at all, not even restore the administrator's defaults.
         * @description Turning it off wants the name of the NAS in `nas_name`; `castellan recover` on the NAS is then the last way back in.
         */
        put: operations["EnableButton"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/default-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shows the password that opens this NAS after a reset, for a label, and records that it was shown. */
        post: operations["ShowDefaultPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the security log, newest first. A search that takes long answers in parts. */
        get: operations["ListEvents"];
        put?: never;
        post?: never;
        /** Clears the log. An entry stays that says who did it and how many went. */
        delete: operations["ClearEvents"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prepares a download of what filters leave of the log, and records it.
         * @description The download may be fetched once, within a minute, by the session that asked for it. A session has one at a time.
         */
        post: operations["PrepareExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/export/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        /** Downloads what was prepared, the oldest first. A file that cannot be finished ends with the connection. */
        get: operations["DownloadExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syslog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the syslog server that the log is sent to. */
        get: operations["GetSyslog"];
        /** Sets the syslog server that the log is sent to. */
        put: operations["ChangeSyslog"];
        post?: never;
        /** Sends the log nowhere any more. */
        delete: operations["RemoveSyslog"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syslog/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a line to try the server, with the values given and before they are kept. */
        post: operations["TestSyslog"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what is wrong with the NAS right now, as far as it concerns the caller. */
        get: operations["GetHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the version and what it is made of. */
        get: operations["GetAbout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/default-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the default password of this NAS. */
        get: operations["LocalDefaultPassword"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/before-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows what was set before the reset button restored the defaults last. */
        get: operations["LocalBeforeReset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/recover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives an administrator a one-time password and removes their second factors. */
        post: operations["LocalRecover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/time": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compares the clock of the NAS with network time. */
        get: operations["LocalGetTime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/network": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the interfaces of the NAS and how each comes by its addresses. */
        get: operations["LocalGetNetwork"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/network/automatic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Restores automatic addresses on all interfaces at once, as the reset button does. */
        post: operations["LocalRestoreNetwork"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows who is signed in, by name. */
        get: operations["LocalListSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/sessions/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends all sessions of a person, and forgets the browsers they are known by. */
        post: operations["LocalSignUserOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/button": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Presses the simulated button for a while. */
        post: operations["LocalPressButton"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the newest entries of the log, the oldest of them first. */
        get: operations["LocalLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/local/log/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows the hash chain of the log. */
        get: operations["LocalCheckLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A refusal in the form of RFC 9457. */
        Problem: {
            status: number;
            /** @description A stable word for programs, for example `step_up_required`. */
            code: string;
            /** @description The sentence for people. */
            detail: string;
            fields?: components["schemas"]["FieldProblem"][];
            /** @description Seconds to wait. */
            retry_in?: number;
            /** @description The id of the request. Entries of the log that it brought about bear it. */
            request?: string;
        };
        FieldProblem: {
            name: string;
            code: string;
            detail: string;
        };
        Status: {
            /** @description The button on the NAS works: there is one, it is turned on, and it does not hang. */
            button?: boolean;
            /** @description A short press of the button on the NAS counts for this browser: the button works, and the browser is in the NAS's own network. */
            press?: boolean;
            /**
             * @description How far the calling browser is: with a session, half signed in, waiting for the button, or none of these.
             * @enum {string}
             */
            visitor: "stranger" | "waiting" | "half_way" | "signed_in";
            /** @enum {string} */
            state: "ready" | "unclaimed" | "recovery_required";
            nas_name: string;
            clock: components["schemas"]["Clock"];
            /** @description SHA-256 of the certificate this NAS shows, as pairs of hex digits. */
            fingerprint: string;
            /**
             * @description Whether this NAS can send mail: no mail server is set, the last mail was taken (or none was sent yet), or it failed.
             * @enum {string}
             */
            mail: "off" | "works" | "fails";
            claim?: components["schemas"]["ClaimStatus"];
            recovery?: components["schemas"]["RecoveryNeed"];
            network?: components["schemas"]["NetworkState"];
        };
        /** @description Whether the network of the NAS works. Present while the NAS is unclaimed, and for browsers that are signed in. */
        NetworkState: {
            /** @description It has an address, a way to elsewhere where it needs one, and DNS servers that answer. */
            working: boolean;
            /** @description What is so, then what to do; empty when it works. */
            message: string;
        };
        /** @description Present while the NAS is unclaimed. */
        ClaimStatus: {
            /** @description A press of the button can prove presence. */
            button: boolean;
            /** @description The caller is on the local network. Only there the default password works. */
            local: boolean;
            /** @description Somebody owned the NAS before it was reset: its name, time zone and other accounts are kept. */
            again: boolean;
            /** @description The button began the NAS anew because its database or device key could not be used: accounts and settings are gone. */
            anew: boolean;
            /** @description The default password may be on the label of the NAS. It is not when the NAS made it as it was begun anew. */
            label: boolean;
        };
        /** @description Present when the NAS cannot serve: what is wrong, then what to do. */
        RecoveryNeed: {
            code: string;
            detail: string;
        };
        /** @enum {string} */
        ClockState: "synced" | "holdover" | "unverified" | "unsynced" | "suspect";
        /** @enum {string} */
        Level: "ok" | "warn" | "bad";
        /**
         * @description Why the clock is in its state: a majority agrees; it does, but the clock of the NAS is off; one server alone stands
         *     behind it; an administrator set it; the NAS's own clock is believed; no server is set; their names cannot be looked
         *     up; none answers; they disagree; they suddenly say another time; they are far from the last
         *     known time; a majority agrees, and no server that is asked by NTS has answered for long.
         * @enum {string}
         */
        ClockReason: "in_step" | "system_off" | "single_source" | "by_hand" | "own_clock" | "no_server" | "no_name_server" | "no_answer" | "disagreement" | "jump" | "long_off" | "unauthenticated";
        /** @description What time it is, and how far this may be believed. */
        Clock: {
            /**
             * Format: date-time
             * @description Trusted time.
             */
            now: string;
            /** @description An IANA time zone. */
            zone: string;
            state: components["schemas"]["ClockState"];
            reason: components["schemas"]["ClockReason"];
            /** @description Codes of apps are checked against this time. */
            trusted: boolean;
            level: components["schemas"]["Level"];
            /**
             * Format: int64
             * @description The clock of the NAS minus trusted time; negative: slow.
             */
            offset_ms: number;
            /** @description What is so. */
            message: string;
            /** @description What to do about it; empty where there is nothing to do. */
            advice: string;
        };
        RetriedTime: {
            clock: components["schemas"]["Clock"];
            /** @description Seconds until the servers can be asked again. */
            again_in: number;
        };
        Credentials: {
            name: string;
            password: string;
        };
        /**
         * @description How a person proves themselves after the password: a code of an app, a code by e-mail, a recovery code, and at sign-in only a press of the button on the NAS.
         * @enum {string}
         */
        Way: "app" | "email" | "recovery" | "presence";
        Code: {
            way?: components["schemas"]["Way"];
            /** @description Six digits; or a recovery code, in any case and with or without dashes and spaces. Without a way it is an app's; with the way `presence` there is none. */
            code?: string;
        };
        Proof: {
            password: string;
            way?: components["schemas"]["Way"];
            code?: string;
        };
        CodeSent: {
            /** @description A mail was sent. Otherwise one was sent a moment ago; see resend_in. */
            sent: boolean;
            /** @description The address, so that its owner knows it and nobody else: a•••@e•••.org */
            to: string;
            /** @description Seconds until another one can be sent. */
            resend_in: number;
            /** @description Seconds for which the newest code is good; 0: there is none. */
            expires_in: number;
        };
        EmailCode: {
            code: string;
        };
        UnlockRequest: {
            name: string;
        };
        LinkToken: {
            token: string;
        };
        NewPassword: {
            password: string;
        };
        PasswordChange: {
            current: string;
            password: string;
        };
        Person: {
            name: string;
            display_name: string;
        };
        SignInStep: {
            /** @enum {string} */
            next: "code" | "password" | "claim" | "done";
            /** @description To be sent back in the header `Castellan-Token` with every change. */
            token: string;
            expires_in: number;
            person?: components["schemas"]["Person"];
            /** @description The ways this person has, the one they used last first. */
            ways?: components["schemas"]["Way"][];
            /** @description The address a code would go to, masked. */
            email?: string;
            /** @description A recovery code or a press of the button was used: the person should mend their ways in now. */
            repair?: boolean;
            /** @description An authenticator device of this person opens nothing: the time of the NAS went back, and it has to be set up again. */
            set_up_again?: boolean;
            clock?: components["schemas"]["Clock"];
            /** @description The fewest characters a new password may have. */
            password_min?: number;
        };
        ForgottenAddress: {
            email: string;
        };
        ForgottenAsked: {
            /** @description How long the links work. */
            link_minutes: number;
            /** @description Seconds after which another mail can be asked for, for any address. */
            again_in: number;
        };
        Link: {
            /** @description What follows `#password=` in the address of the link. */
            link: string;
        };
        LinkedPassword: {
            link: string;
            password: string;
        };
        PasswordLink: {
            person: components["schemas"]["Person"];
            /** @enum {string} */
            purpose: "forgotten" | "invited";
            password_min: number;
            expires_in: number;
        };
        Passphrase: {
            phrase: string;
            words: number;
            /** @description How hard it is to guess: two to this power tries, at the most. */
            bits: number;
        };
        ButtonWait: {
            /**
             * @description `dropped`: two browsers were waiting when the press came.
             * @enum {string}
             */
            state: "waiting" | "confirmed" | "dropped";
            token: string;
            expires_in: number;
        };
        PressWait: {
            /**
             * @description `dropped`: somebody else was waiting, too, when the press came. `expired`: nobody pressed in time.
             * @enum {string}
             */
            state: "waiting" | "confirmed" | "dropped" | "expired";
            /** @description Seconds that are left for the press. */
            expires_in: number;
        };
        UnlockWait: {
            /** @description Names the wait. Only the page that asked knows it. */
            token: string;
            /** @description Seconds that are left for the press. */
            expires_in: number;
        };
        Claim: {
            name: string;
            display_name?: string;
            email?: string;
            password: string;
            nas_name?: string;
            time_zone?: string;
        };
        /** @enum {string} */
        Role: "administrator" | "user";
        Session: {
            /** @description The policy wants 2-step verification first, or a press of the button stood for the code: nothing else answers until a way in was set up. */
            must_enrol: boolean;
            /** @description The NAS was claimed in this session: its owner may put 2-step verification off for everybody. */
            may_postpone: boolean;
            /** @description This session began with a recovery code or a press of the button: 2-step verification may be turned off with the password alone. */
            repair: boolean;
            /**
             * Format: date-time
             * @description When the reset button restored the administrator's defaults, where that was since this person signed in last: everybody is told once.
             */
            reset_at?: string;
            me: components["schemas"]["Me"];
            token: string;
            nas_name: string;
            /** @description Seconds until the session ends unless something is done. */
            idle_in: number;
            /** @description Seconds until the session ends in any case. */
            ends_in: number;
            /** @description Seconds for which sensitive changes are open; 0: prove it again first. */
            step_up_in: number;
        };
        OpenSession: {
            /** @description Names the session. It opens nothing. */
            id: string;
            /** @description This is the calling session. */
            current: boolean;
            /** Format: date-time */
            since: string;
            /**
             * Format: date-time
             * @description When something was done in it.
             */
            active: string;
            address: string;
            /** @description In words of the NAS. */
            browser: string;
            /** @description Seconds until it ends if nothing more is done. */
            ends_in: number;
        };
        ApiScope: {
            /** @description For example `time:read`. */
            name: string;
            /** @description What it opens. */
            words: string;
            /** @description It changes something. */
            writes: boolean;
        };
        /**
         * @description `key`: an Ed25519 key that signs requests; `codes`: a secret for codes by time (RFC 6238).
         * @enum {string}
         */
        FactorKind: "none" | "key" | "codes";
        ApiToken: {
            /** @description What names it in the list, in the log, and as `keyid` in signatures. */
            id: string;
            name: string;
            /** @description How its text begins. */
            prefix: string;
            scopes: string[];
            /** @description Networks that it may be used from; empty: everywhere. */
            addresses: string[];
            factor: components["schemas"]["FactorKind"];
            /** @description Of its key, as ssh-keygen shows it: `SHA256:…`. */
            key_fingerprint?: string;
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            expires: string;
            /**
             * Format: date-time
             * @description When it was used last, to the hour. Absent: never.
             */
            used?: string;
            /** @description Where from. */
            used_from?: string;
            /**
             * @description `on_hold`: 2-step verification is on and it has no second factor. `waiting`: its machine has not collected it yet. `lost`: its
             *     machine did not in time, and it opens nothing. `locked`: too many wrong codes.
             * @enum {string}
             */
            state: "active" | "on_hold" | "waiting" | "lost" | "expired" | "locked";
        };
        ApiTokens: {
            tokens: components["schemas"]["ApiToken"][];
            /** @description Those that one's role allows. */
            scopes: components["schemas"]["ApiScope"][];
            /** @description How many tokens one may have. */
            most: number;
            /** @description For how long a new one works unless it is said otherwise. */
            days: number;
            most_days: number;
            /** @description A token without a second factor is on hold. */
            two_step: boolean;
        };
        MachineFactor: {
            kind: components["schemas"]["FactorKind"];
            /** @description The public key, as `ssh-ed25519 …`, as PEM, or as the base64 of its 32 bytes. */
            key?: string;
        };
        NewApiToken: {
            name: string;
            scopes: string[];
            /** @description For how long it works. */
            days?: number;
            addresses?: string[];
            factor: components["schemas"]["MachineFactor"];
            /** @description The machine collects its text itself, with its key; it is not in the answer. */
            collect?: boolean;
        };
        ApiTokenMade: {
            token: components["schemas"]["ApiToken"];
            /** @description The name of the account that it is of: what its machine does it does in that name. */
            account: string;
            /** @description What the machine sends. It is shown this once. */
            text?: string;
            /** @description The secret for codes, in base 32. */
            secret?: string;
            /** @description The same as a key URI. */
            uri?: string;
            qr?: components["schemas"]["QR"];
        };
        MachineKey: {
            key: string;
        };
        MachineProof: {
            /** @description Six digits. */
            code?: string;
        };
        MachineSession: {
            access_token: string;
            /** @enum {string} */
            token_type: "Bearer";
            /** @description Seconds. */
            expires_in: number;
            scopes: string[];
        };
        KnownBrowser: {
            id: string;
            /** @description The calling session began in this browser. */
            current: boolean;
            /** @description In words of the NAS. */
            browser: string;
            /** @description Of the last sign-in in it. */
            address: string;
            /** Format: date-time */
            first: string;
            /**
             * Format: date-time
             * @description The last sign-in in it.
             */
            seen: string;
        };
        MySessions: {
            /** @description The one that began last first. */
            sessions: components["schemas"]["OpenSession"][];
            /** @description The one seen last first. */
            browsers: components["schemas"]["KnownBrowser"][];
            /** @description Seconds for which a browser stays known after the last sign-in in it. */
            browser_for: number;
        };
        PersonSession: {
            session: components["schemas"]["OpenSession"];
            user: components["schemas"]["SessionUser"];
        };
        SessionUser: {
            id: string;
            name: string;
            display_name: string;
            role: components["schemas"]["Role"];
        };
        SessionPage: {
            sessions: components["schemas"]["PersonSession"][];
            /** @description All sessions that match. */
            total: number;
            /** @description How many people they belong to. */
            people: number;
            next?: string;
        };
        SessionsEnded: {
            /** @description How many sessions ended. */
            ended: number;
        };
        Me: {
            id: string;
            name: string;
            display_name: string;
            email: string;
            email_confirmed: boolean;
            /** @description An address that waits for its code. */
            new_email?: string;
            ways: components["schemas"]["Way"][];
            role: components["schemas"]["Role"];
            language: string;
            two_step: boolean;
            password_min: number;
            /** Format: date-time */
            created: string;
        };
        MeChange: {
            display_name?: string;
            language?: string;
        };
        EmailChange: {
            email: string;
        };
        Desktop: {
            /** @enum {string} */
            theme: "auto" | "light" | "dark";
            windows: components["schemas"]["WindowPlace"][];
        };
        WindowPlace: {
            app: string;
            page: string;
            /** @enum {string} */
            screen: "small" | "medium" | "large";
            x: number;
            y: number;
            width: number;
            height: number;
            /** @enum {string} */
            state: "normal" | "maximised" | "minimised";
            open: boolean;
        };
        Device: {
            id: string;
            name: string;
            /** Format: date-time */
            added: string;
            /** Format: date-time */
            last_used?: string;
            /** @description The time of the NAS went back behind the last code of this device, so it opens nothing until it is set up again. */
            set_up_again?: boolean;
        };
        TwoStep: {
            enabled: boolean;
            /** @description The policy wants it on. */
            demanded: boolean;
            devices: components["schemas"]["Device"][];
            pending?: components["schemas"]["PendingWay"];
            most_devices: number;
            email: components["schemas"]["EmailWay"];
            recovery: components["schemas"]["RecoveryState"];
            clock: components["schemas"]["Clock"];
        };
        /** @description A way in that waits for its first right code. It opens nothing. */
        PendingWay: {
            way: components["schemas"]["Way"];
            name: string;
            expires_in: number;
        };
        EmailWay: {
            on: boolean;
            available: boolean;
            /** @description Why it is not available, then what to do. */
            detail: string;
            address: string;
        };
        RecoveryState: {
            left: number;
            total: number;
            /** Format: date-time */
            made?: string;
            /** @description So few are left that new ones should be made. */
            renew: boolean;
        };
        RecoveryCodes: {
            codes: string[];
        };
        TwoStepChanged: {
            two_step: components["schemas"]["TwoStep"];
            sessions_ended: number;
            /** @description The session has a new id; this is its token. */
            token: string;
        };
        DeviceName: {
            name: string;
        };
        Confirmation: {
            code: string;
            /** @description A name for the device instead of the one given before. */
            name?: string;
            /** @description The person says that the recovery codes are saved. Needed where there are new ones. */
            saved?: boolean;
        };
        EmailConfirmation: {
            code: string;
            /** @description The person says that the recovery codes are saved. Needed where there are new ones. */
            saved?: boolean;
        };
        EmailEnrolment: {
            sent: components["schemas"]["CodeSent"];
            /** @description Ten recovery codes, shown this once, where 2-step verification was off. They are worth nothing before it is on. */
            recovery_codes?: string[];
        };
        Enrolment: {
            id: string;
            name: string;
            /** @description Base32 without padding. */
            secret: string;
            /** @description The key URI for an authenticator app. */
            uri: string;
            /** @description What the app will show. */
            account: string;
            qr: components["schemas"]["QR"];
            expires_in: number;
            /** @description Ten recovery codes, shown this once, where 2-step verification was off. They are worth nothing before it is on. */
            recovery_codes?: string[];
        };
        /** @description A QR symbol as an SVG path over modules of one unit, without quiet zone. */
        QR: {
            size: number;
            path: string;
        };
        User: {
            id: string;
            name: string;
            display_name: string;
            email: string;
            role: components["schemas"]["Role"];
            disabled: boolean;
            two_step: boolean;
            /** @description The policy wants 2-step verification of this person. */
            demanded: boolean;
            /** @description A temporary password waits to be replaced. */
            waiting: boolean;
            /**
             * @description A link was mailed with which the person chooses a password, and was not used yet.
             * @enum {string}
             */
            invitation?: "sent" | "lapsed";
            /** @description The person never had a password: only an invitation, or a temporary password, lets them in. */
            new: boolean;
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            last_sign_in?: string;
        };
        UserPage: {
            users: components["schemas"]["User"][];
            /** @description All accounts that match. */
            total: number;
            next?: string;
        };
        NewUser: {
            name: string;
            display_name?: string;
            email?: string;
            role: components["schemas"]["Role"];
            /** @description The name of a group to join. It is added where there is none of this name. */
            group?: string;
        };
        UserChange: {
            display_name?: string;
            email?: string;
            role?: components["schemas"]["Role"];
            disabled?: boolean;
        };
        AddedUser: {
            user: components["schemas"]["User"];
            /** @description The temporary password, shown this once, where no mail can be sent. Absent: a link was mailed. */
            password?: string;
            expires_in: number;
        };
        PeopleFile: {
            text: string;
        };
        PeoplePreview: {
            lines: components["schemas"]["PeopleLine"][];
            /** @description Groups that are named and do not exist yet. They are added with their first member. */
            new_groups: string[];
        };
        PeopleLine: {
            /** @description Its number in the file, from 1. */
            line: number;
            /** @description The user name; made out of a name that is none. */
            name: string;
            display_name: string;
            email: string;
            group: string;
            /** @description A link would be mailed; otherwise a temporary password would be shown. */
            invited: boolean;
            /** @description Why this person cannot be added, then what to do. */
            problem?: string;
        };
        TemporaryPassword: {
            user: components["schemas"]["User"];
            /** @description Shown this once. It must be replaced at the next sign-in. */
            password: string;
            expires_in: number;
        };
        AccountName: {
            name: string;
        };
        GroupMember: {
            id: string;
            name: string;
            display_name: string;
        };
        Group: {
            id: string;
            name: string;
            /** @description Its members follow from their role. */
            built_in: boolean;
            members: components["schemas"]["GroupMember"][];
        };
        GroupList: {
            groups: components["schemas"]["Group"][];
        };
        GroupValues: {
            name: string;
            /** @description Ids of accounts. */
            members: string[];
        };
        Policy: {
            /** @enum {string} */
            two_step: "nobody" | "administrators" | "everyone" | "groups";
            /** @description Ids of the groups that must use it, where two_step is groups. */
            groups: string[];
            /** @enum {string} */
            email_codes: "everybody" | "not_administrators" | "nobody";
            /**
             * @description Who may sign in with the password and a press of the button on the NAS. Left out, it stays as it is.
             * @enum {string}
             */
            presence?: "nobody" | "administrators" | "everyone";
            /** @description A session ends when nothing was done in it for so long. Left out, it stays as it is. */
            idle_minutes?: number;
        };
        /**
         * @description Relaxed doubles the free tries and halves the pauses, strict does the opposite.
         * @enum {string}
         */
        Limits: "relaxed" | "normal" | "strict";
        Defender: {
            limits: components["schemas"]["Limits"];
            /** @description What can be chosen as limits, the mildest first. */
            levels: components["schemas"]["LimitsLevel"][];
            /** @description Addresses and networks that are never blocked, and that only wrong passwords from there slow. */
            allow: string[];
            /** @description Addresses and networks that are refused before anything else. */
            block: string[];
            /** @description From where the caller comes. */
            own_address: string;
            slow_downs: components["schemas"]["SlowDown"][];
            /** @description How many slow-downs there are, also those that are not listed. */
            total: number;
        };
        /** @description The figures of a choice of limits; times are in seconds. */
        LimitsLevel: {
            limits: components["schemas"]["Limits"];
            /** @description Wrong passwords for one account from one source that cost nothing. */
            free_tries: number;
            /** @description The longest wait after more of them. */
            longest_wait: number;
            /** @description Wrong passwords of one source, whatever the names, that pause it. */
            source_tries: number;
            /** @description Within how long those are. */
            source_window: number;
            /** @description How long it is paused. */
            source_pause: number;
        };
        DefenderValues: {
            limits: components["schemas"]["Limits"];
            allow: string[];
            block: string[];
            /** @description The caller knows that it may shut them out. */
            confirm?: boolean;
        };
        SlowDown: {
            id: string;
            /**
             * @description What is slowed: passwords for one name from one source, or in one browser that the account knows; passwords for
             *     one name in all other browsers; all passwords of one source; codes of one account, or of one machine; all unknown browsers.
             * @enum {string}
             */
            rule: "password" | "browser" | "account" | "source" | "code" | "crowd";
            /** @description The name of the account that is guessed at, where there is one. */
            account?: string;
            /** @description The name of the API token whose machine sends wrong codes. Then `account` is its owner, who is not slowed down. */
            token?: string;
            /** @description The address or network that guesses. */
            source?: string;
            /** @description Wrong tries so far. */
            tries: number;
            /** @description Seconds until the next try, or until it is over; 0: a try is possible, and the next wrong one is slowed. */
            left: number;
            /** @description It does not end with a short wait. */
            closed: boolean;
        };
        /** @enum {string} */
        MailSecurity: "tls" | "starttls";
        Mail: {
            configured: boolean;
            host: string;
            port: number;
            security: components["schemas"]["MailSecurity"];
            user: string;
            has_password: boolean;
            sender: string;
            authority: string;
            fingerprint: string;
        };
        MailValues: {
            host: string;
            port: number;
            security: components["schemas"]["MailSecurity"];
            user: string;
            /** @description Without it the one that is kept stays. */
            password?: string;
            sender: string;
            /** @description A certificate authority in PEM, trusted for this server. */
            authority?: string;
            /** @description SHA-256 of the one certificate that is trusted, in hex. */
            fingerprint?: string;
        };
        MailTest: {
            server: components["schemas"]["MailValues"];
            to: string;
        };
        MailOutcome: {
            taken: boolean;
            /** @description What came of it, with the server's own words. */
            detail: string;
        };
        Settings: {
            nas_name: string;
            time_zone: string;
        };
        SettingsChange: {
            nas_name?: string;
            time_zone?: string;
        };
        /**
         * @description NTP (RFC 5905), or NTP whose answers are authenticated by Network Time Security (RFC 8915). One never stands in for the other.
         * @enum {string}
         */
        TimeProtocol: "ntp" | "nts";
        TimeServerChoice: {
            /** @description A host name or an address, with a port where it is not the protocol's own. */
            host: string;
            protocol: components["schemas"]["TimeProtocol"];
            enabled: boolean;
        };
        TimeServer: {
            host: string;
            protocol: components["schemas"]["TimeProtocol"];
            enabled: boolean;
            /** @description The local network named it. It is asked and shown and never counts for the majority. */
            offered: boolean;
            address?: string;
            /** @enum {string} */
            state: "agrees" | "ignored" | "silent" | "refused" | "waiting" | "disabled" | "unconfirmed";
            /** @description The state in words. */
            detail: string;
            /**
             * Format: double
             * @description The server's clock minus trusted time.
             */
            offset_ms?: number;
            /** Format: double */
            delay_ms?: number;
            stratum?: number;
            /** @description Seconds since its last answer. */
            answered_ago?: number;
        };
        TimeSettings: {
            /** @description In the order of the page. */
            servers: components["schemas"]["TimeServerChoice"][];
            /** @description Codes of apps are refused while only the NAS's own clock tells the time. */
            verified_only: boolean;
            /** @description Castellan may set the clock of the NAS where no other service does. */
            set_system_clock: boolean;
        };
        /** @description Who sets the clock of the NAS. */
        TimeKeeper: {
            /** @enum {string} */
            who: "castellan" | "chrony" | "timesyncd" | "ntpd" | "host" | "nobody";
            /** @description The kernel calls its clock synchronised. */
            synchronised: boolean;
            /** @description Castellan has the right to set it. */
            may_set: boolean;
            /** @description Who sets the clock, in words. */
            detail: string;
            /** @description The time zone of the system beneath, where it is known. */
            zone?: string;
            automatic?: components["schemas"]["AutomaticTime"];
        };
        /** @description The system's own switch for its time service. Without it the system has none. */
        AutomaticTime: {
            on: boolean;
            /** @description Not where the system refused when it was last tried. It can be tried again. */
            changeable: boolean;
        };
        AutomaticTimeChange: {
            on: boolean;
        };
        /** @description What a majority of the servers says, where the NAS does not follow it by itself. */
        TimeProposal: {
            /** Format: date-time */
            now: string;
            /**
             * Format: int64
             * @description How far trusted time would be moved; negative: back.
             */
            by_ms: number;
            /** @description How many servers agree on it. */
            servers: number;
        };
        TimeJumpAccepted: {
            /**
             * Format: int64
             * @description The `by_ms` of the proposal that was shown.
             */
            by_ms: number;
        };
        TimeByHand: {
            /**
             * Format: date-time
             * @description What time it is as this arrives.
             */
            now: string;
        };
        /** @enum {string} */
        NetworkServiceKind: "network_manager" | "networkd" | "none";
        /** @enum {string} */
        AddressMethod: "automatic" | "manual" | "off";
        FamilySettings: {
            method: components["schemas"]["AddressMethod"];
            /** @description With `manual`. */
            address?: string;
            /** @description With `manual`: the length of the network, 24 for 255.255.255.0. */
            prefix?: number;
            /** @description With `manual`; empty: none. */
            gateway?: string;
        };
        InterfaceSettings: {
            interface: string;
            ipv4: components["schemas"]["FamilySettings"];
            ipv6: components["schemas"]["FamilySettings"];
            /** @description DNS servers; empty: those that the network offers. */
            dns: string[];
            /** @description Search domains; empty: those that the network offers. */
            search: string[];
            /** @description Bytes; 0: the interface's own. */
            mtu: number;
        };
        InterfaceAddress: {
            address: string;
            prefix: number;
            /**
             * @description `router`: announced by a router. `itself`: link-local.
             * @enum {string}
             */
            from: "dhcp" | "router" | "manual" | "itself";
            /** @description It changes by itself. */
            temporary: boolean;
            /** @description Another machine on the link has it. */
            duplicate: boolean;
        };
        Interface: {
            name: string;
            /** @enum {string} */
            type: "ethernet" | "wifi" | "bridge" | "bond" | "vlan" | "other";
            mac: string;
            up: boolean;
            /** @description A cable or a network is there. */
            carrier: boolean;
            /** @description Mbit/s; 0: not known. */
            speed: number;
            mtu: number;
            addresses: components["schemas"]["InterfaceAddress"][];
            gateways: string[];
            settings?: components["schemas"]["InterfaceSettings"];
        };
        NetworkChange: {
            /** @enum {string} */
            state: "none" | "waiting" | "kept" | "went_back";
            interface: string;
            /** @description The name of the account that made it. */
            by: string;
            /** @description Seconds until it goes back. */
            expires_in: number;
            /** @description Why it went back. */
            reason: string;
            /** @description Where the desktop is found by the settings that wait; those that are known. */
            urls: string[];
        };
        NetworkTrial: {
            change: components["schemas"]["NetworkChange"];
            /** @description What is probably wrong with the settings, such as a gateway at which nobody answers; empty: nothing is known. */
            warning: string;
            /** @description Keeps the change, once. The page of the new address takes it from the fragment of its URL: `#network=TOKEN`. */
            token: string;
        };
        NetworkKept: {
            interface: string;
        };
        AnnouncementSettings: {
            enabled: boolean;
        };
        Announcement: {
            enabled: boolean;
            /** @enum {string} */
            by: "avahi" | "castellan" | "nobody";
            /** @description By which name the NAS is found, such as nas.local; empty: by none. */
            host: string;
            /** @description Another machine has the name, so this is another one. */
            renamed: boolean;
            trouble: string;
        };
        Network: {
            service: components["schemas"]["NetworkServiceKind"];
            /** @description Why nothing can be changed, or what could not be found out. */
            trouble: string;
            nas_name: string;
            /** @description Settings are missing where the service does not manage the interface. */
            interfaces: components["schemas"]["Interface"][];
            /** @description DNS servers that the NAS asks now. */
            dns: string[];
            search: string[];
            change: components["schemas"]["NetworkChange"];
            announcement: components["schemas"]["Announcement"];
        };
        Time: {
            clock: components["schemas"]["Clock"];
            /**
             * Format: date-time
             * @description The clock of the NAS.
             */
            system: string;
            /** Format: double */
            uncertainty_ms: number;
            /** @description Servers that agree. */
            agreeing: number;
            /** @description Servers that answered. */
            answering: number;
            /** @description Seconds since the servers last agreed. */
            checked_ago?: number;
            /** @description Seconds until the servers are asked again. */
            next_in?: number;
            proposal?: components["schemas"]["TimeProposal"];
            /** @description Those of the settings in their order, then those that the local network offers. */
            servers: components["schemas"]["TimeServer"][];
            settings: components["schemas"]["TimeSettings"];
            keeper: components["schemas"]["TimeKeeper"];
        };
        TimePoint: {
            /** Format: date-time */
            at: string;
            /**
             * Format: double
             * @description The clock of the NAS minus trusted time, where it was furthest off.
             */
            offset_ms: number;
            /**
             * Format: double
             * @description The largest.
             */
            uncertainty_ms: number;
            state: components["schemas"]["ClockState"];
        };
        TimeJump: {
            /** Format: date-time */
            at: string;
            /**
             * @description Trusted time or the clock of the NAS.
             * @enum {string}
             */
            what: "trusted" | "system";
            /** Format: int64 */
            by_ms: number;
            /**
             * @description Trusted time: the first answer after a start, the servers, an administrator's word or sign-in, by hand. The clock of the NAS: set by Castellan, or by something else.
             * @enum {string}
             */
            why: "first" | "servers" | "accepted" | "vouched" | "by_hand" | "castellan" | "other";
        };
        TimeHistory: {
            /** @description Oldest first. A gap of more than twice the usual distance means that nothing was measured. */
            points: components["schemas"]["TimePoint"][];
            /** @description The usual distance of two points in seconds at most. */
            every: number;
            /** @description Newest first. */
            jumps: components["schemas"]["TimeJump"][];
        };
        /** @description What a finger can do, in milliseconds held. */
        Gesture: {
            short_from_ms: number;
            short_until_ms: number;
            reset_from_ms: number;
            reset_until_ms: number;
        };
        /** @enum {string} */
        Outcome: "presence" | "nothing" | "reset" | "cancelled";
        Button: {
            /** @enum {string} */
            source: "input" | "gpio" | "simulated" | "none";
            /** @description The key and its device, or the chip and the line. */
            name: string;
            /** @enum {string} */
            state: "released" | "pressed" | "stuck" | "absent";
            /** Format: int64 */
            held_ms: number;
            /** @description What is so, then what to do. */
            detail: string;
            gesture: components["schemas"]["Gesture"];
            /** @description The owner has not turned it off. */
            enabled: boolean;
            /** @description It is the one that the NAS learnt. */
            learnt: boolean;
            /** @description The config file leaves open which button it is. */
            can_learn: boolean;
            /** @description For how long yet presses are only shown. */
            testing: number;
            /** @description For how long yet the NAS listens for its button. */
            learning: number;
            /**
             * @description What keeps the system from rebooting by the same presses: nothing has to, Castellan asked it to, it is set up so, its power key was taken from it as well, or nothing does.
             * @enum {string}
             */
            guard: "none" | "inhibited" | "ignored" | "taken" | "exposed";
            /** @description For how many seconds yet holding the button restores nothing, as that was done just now; 0: it would. */
            rest_in: number;
            /** @description What is wrong with a button that works, then what to do. */
            trouble?: string;
            feedback: components["schemas"]["Feedback"];
            last?: components["schemas"]["LastPress"];
        };
        /** @description By what the NAS tells the finger on the button where it stands, as the kernel names it. What is missing it does not have, which is nothing unusual. */
        Feedback: {
            /** @description Blinks once for a press, and slowly after a reset until somebody claims the NAS. */
            light?: string;
            /** @description Blinks while letting go would restore the administrator's defaults. Often the same light. */
            warning?: string;
            beeper?: string;
        };
        /** @description Without a device the NAS finds its button by itself. */
        ButtonChoice: {
            device?: string;
            key?: number;
        };
        ButtonSwitch: {
            enabled: boolean;
            /** @description The name of the NAS, to turn the button off. */
            nas_name?: string;
        };
        ButtonLesson: {
            /** @description For how long yet the NAS listens. */
            left: number;
            heard: components["schemas"]["HeardKey"][];
            /** @description Devices that may have the button and that the NAS cannot listen to: why, and what to do about it. */
            unheard: string[];
        };
        HeardKey: {
            device: string;
            key: number;
            /** @description What the kernel calls the key. */
            name: string;
            /** @description How often it was pressed and released. */
            presses: number;
            /** @description It is down right now. */
            pressed: boolean;
            /**
             * Format: int64
             * @description How long the last press was.
             */
            held_ms: number;
        };
        LastPress: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            held_ms: number;
            outcome: components["schemas"]["Outcome"];
            /**
             * @description Why it did nothing whatever it means.
             * @enum {string}
             */
            idle?: "test" | "disabled" | "rest";
            means?: components["schemas"]["Outcome"];
        };
        Press: {
            hold_ms: number;
        };
        PressOutcome: {
            outcome: components["schemas"]["Outcome"];
            /** @description What came of it, and of nothing why, as in the log. */
            words: string;
        };
        BeforeReset: {
            /** Format: date-time */
            taken: string;
            nas_name: string;
            time_zone: string;
            owner?: components["schemas"]["FormerOwner"];
            policy: components["schemas"]["Policy"];
            /** @description Names of the groups in the policy. */
            group_names: string[];
            limits: components["schemas"]["Limits"];
            allow: string[];
            block: string[];
            button: components["schemas"]["FormerButton"];
        };
        /** @description The built-in administrator before a reset. */
        FormerOwner: {
            name: string;
            display_name: string;
            email: string;
            email_confirmed: boolean;
            disabled: boolean;
            language: string;
        };
        FormerButton: {
            /** @description The key and the device that the NAS had learnt; empty where it had learnt none. */
            learnt: string;
            enabled: boolean;
        };
        DefaultPassword: {
            name: string;
            password: string;
        };
        /** @enum {string} */
        Area: "sign_in" | "two_step" | "accounts" | "settings" | "button" | "clock" | "mail" | "system";
        Event: {
            id: string;
            /** Format: date-time */
            time: string;
            clock_state: components["schemas"]["ClockState"];
            kind: string;
            area: components["schemas"]["Area"];
            /** @enum {string} */
            level: "info" | "warning" | "error";
            outcome: components["schemas"]["EventOutcome"];
            /** @description The account that acted or was meant. */
            actor?: string;
            address?: string;
            message: string;
            details: components["schemas"]["Detail"][];
        };
        Detail: {
            name: string;
            value: string;
        };
        /** @enum {string} */
        EventOutcome: "done" | "refused" | "failed";
        /** @enum {string} */
        ExportFormat: "csv" | "jsonl";
        /** @description The format, and the filters of `/events`. */
        ExportValues: {
            format: components["schemas"]["ExportFormat"];
            area?: components["schemas"]["Area"];
            kind?: string;
            outcome?: components["schemas"]["EventOutcome"];
            who?: string;
            /** Format: date-time */
            from?: string;
            /** Format: date-time */
            to?: string;
            text?: string;
        };
        Export: {
            /** @description What to fetch from `/events/export/{id}`. It opens nothing without the session. */
            id: string;
        };
        EventPage: {
            events: components["schemas"]["Event"][];
            /** @description Entries in the log, whether the filters leave them or not. */
            kept: number;
            /** @description `before` of the page that follows; without it there is nothing older. */
            next?: string;
            /**
             * Format: date-time
             * @description The page is not full: the search has come as far as this, and goes on with `next`, or with `newest` where `after` was asked.
             */
            searched_to?: string;
            /** @description `after` of the next look for newer entries. */
            newest: string;
            /** @description There are newer entries already, where `after` was asked. */
            behind: boolean;
        };
        LogCheck: {
            intact: boolean;
            entries: number;
            /** @description Number of the last entry that is older than the chain; 0: there is none. */
            unguarded: number;
            /** @description The number of the first entry that is not as it was written. */
            broken?: number;
            /** @description Up to which that can be told apart. */
            until?: number;
            /** @description Where the log begins or ends was changed. */
            head: boolean;
            /** @description The same in words. */
            detail: string;
        };
        Syslog: {
            configured: boolean;
            host: string;
            port: number;
            authority: string;
            fingerprint: string;
            /** @enum {string} */
            state: "off" | "sending" | "waiting" | "failing";
            /** @description Entries that wait to be sent. */
            waiting: number;
            /** @description What is wrong, and what to do; empty when all is well. */
            detail: string;
        };
        SyslogValues: {
            host: string;
            port: number;
            /** @description A certificate authority in PEM, trusted for this server. */
            authority?: string;
            /** @description SHA-256 of the one certificate that is trusted, in hex. */
            fingerprint?: string;
        };
        SyslogOutcome: {
            taken: boolean;
            detail: string;
        };
        Health: {
            level: components["schemas"]["Level"];
            checks: components["schemas"]["Check"][];
        };
        Check: {
            /** @enum {string} */
            code: "network" | "clock" | "button" | "two_step" | "recovery" | "mail" | "store" | "syslog";
            level: components["schemas"]["Level"];
            title: string;
            /** @description Two or three words, for the right edge of a row. */
            value: string;
            /** @description What is so, then what to do; empty when all is well. */
            detail: string;
        };
        About: {
            version: string;
            go: string;
            platform: string;
            licence: string;
            libraries: components["schemas"]["Library"][];
        };
        Library: {
            name: string;
            version: string;
        };
    };
    responses: {
        /** @description What is so, then what to do. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description Only this area. */
        LogArea: components["schemas"]["Area"];
        /** @description Only this kind of entry. */
        LogKind: string;
        /** @description Only what ended like this. */
        LogOutcome: components["schemas"]["EventOutcome"];
        /** @description Only what this account did, or what was done to it. */
        LogWho: string;
        /** @description Only from this moment on. */
        LogFrom: string;
        /** @description Only before this moment. */
        LogTo: string;
        /** @description Words that are all in the entry, in any case. */
        LogText: string;
        ID: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    GetStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The next step. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description The next step. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    CancelSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    AskUnlock: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UnlockRequest"];
            };
        };
        responses: {
            /** @description Taken. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    UnlockBrowser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkToken"];
            };
        };
        responses: {
            /** @description The browser is known. The password is still needed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    AskUnlockPress: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UnlockRequest"];
            };
        };
        responses: {
            /** @description Waiting. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnlockWait"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetUnlockPress: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkToken"];
            };
        };
        responses: {
            /** @description The state of the wait. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PressWait"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetPress: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the wait. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PressWait"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    AskPress: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Waiting. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PressWait"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SignInCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Code"];
            };
        };
        responses: {
            /** @description The next step. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SendSignInCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeSent"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SignInPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPassword"];
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    Forgotten: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgottenAddress"];
            };
        };
        responses: {
            /** @description Whoever has an account with this address gets a mail. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForgottenAsked"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    OpenPasswordLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Link"];
            };
        };
        responses: {
            /** @description Whose. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordLink"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    UsePasswordLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkedPassword"];
            };
        };
        responses: {
            /** @description Set. The person signs in as always. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    SuggestPassphrase: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A passphrase. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passphrase"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RetryTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The time as it is known now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetriedTime"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetButtonWait: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the wait. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ButtonWait"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    WaitForButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Waiting. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ButtonWait"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    Claim: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Claim"];
            };
        };
        responses: {
            /** @description Claimed and signed in. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SignOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    StepUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Proof"];
            };
        };
        responses: {
            /** @description Proved. The session has a new id. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SendStepUpCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeSent"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MeChange"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChange"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ConfirmEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailCode"];
            };
        };
        responses: {
            /** @description Confirmed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    CancelEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    UndoEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkToken"];
            };
        };
        responses: {
            /** @description Undone. The account's sessions have ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Changed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ListMySessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sessions and browsers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MySessions"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    EndMyOtherSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEnded"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    EndMySession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ForgetMyBrowser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ListMyTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tokens and scopes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiTokens"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    CreateToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiToken"];
            };
        };
        responses: {
            /** @description The token, shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiTokenMade"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RevokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    SetTokenFactor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MachineFactor"];
            };
        };
        responses: {
            /** @description The token; a secret for codes is shown this once. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiTokenMade"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    StartMachineSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MachineProof"];
            };
        };
        responses: {
            /** @description The access token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineSession"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    CollectToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MachineKey"];
            };
        };
        responses: {
            /** @description The token, shown this once. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiTokenMade"];
                };
            };
            /** @description Nobody has made it yet. Ask again in two seconds. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    GetContract: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetDesktop: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Theme and windows. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Desktop"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SaveDesktop: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Desktop"];
            };
        };
        responses: {
            /** @description Remembered. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    GetTwoStep: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwoStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    StartEnrolment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceName"];
            };
        };
        responses: {
            /** @description The secret, shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolment"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RemoveDevice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. Other sessions have ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwoStepChanged"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RenameDevice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceName"];
            };
        };
        responses: {
            /** @description Renamed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwoStep"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    CancelEnrolment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    StartEmailWay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Sent. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailEnrolment"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    TurnEmailWayOff: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Off. Other sessions have ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwoStepChanged"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ConfirmEmailWay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailConfirmation"];
            };
        };
        responses: {
            /** @description On. Other sessions have ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwoStepChanged"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RenewRecoveryCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ConfirmEnrolment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirmation"];
            };
        };
        responses: {
            /** @description On. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwoStepChanged"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    TurnTwoStepOff: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Proof"];
            };
        };
        responses: {
            /** @description Off. Other sessions have ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    PostponeTwoStep: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Recorded. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ListUsers: {
        parameters: {
            query?: {
                /** @description Part of a name or of an address. */
                search?: string;
                /** @description The `next` of the page before. */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    AddUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description Added. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedUser"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    PreviewUsers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PeopleFile"];
            };
        };
        responses: {
            /** @description The lines. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeoplePreview"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    DeleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    TurnUserTwoStepOff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Off. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SetTemporaryPassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemporaryPassword"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    InviteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description On its way. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedUser"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SignUserOut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEnded"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ListSessions: {
        parameters: {
            query?: {
                /** @description Part of a name, of an address or of a browser. */
                search?: string;
                /** @description The `next` of the page before. */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SignEverybodyOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEnded"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    EndSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    ListGroups: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    AddGroup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupValues"];
            };
        };
        responses: {
            /** @description Added. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeGroup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupValues"];
            };
        };
        responses: {
            /** @description Changed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    DeleteGroup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    GetPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The policy. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangePolicy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Policy"];
            };
        };
        responses: {
            /** @description The policy. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetDefender: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The Defender. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Defender"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeDefender: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DefenderValues"];
            };
        };
        responses: {
            /** @description The Defender. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Defender"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LiftSlowDown: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lifted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    GetMail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The mail server. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mail"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeMail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailValues"];
            };
        };
        responses: {
            /** @description The mail server. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mail"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RemoveMail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    TestMail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailTest"];
            };
        };
        responses: {
            /** @description What came of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The settings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsChange"];
            };
        };
        responses: {
            /** @description The settings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetNetwork: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The network. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Network"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetNetworkChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The change. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NetworkChange"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    KeepNetworkChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The change stays. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NetworkKept"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeNetwork: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InterfaceSettings"];
            };
        };
        responses: {
            /** @description The change waits to be confirmed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NetworkTrial"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    UndoNetworkChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What became of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NetworkChange"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ConfirmNetwork: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkToken"];
            };
        };
        responses: {
            /** @description The change stays. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NetworkKept"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeAnnouncement: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnouncementSettings"];
            };
        };
        responses: {
            /** @description The network. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Network"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TimeSettings"];
            };
        };
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SyncTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    AcceptTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TimeJumpAccepted"];
            };
        };
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    SetTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TimeByHand"];
            };
        };
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeAutomaticTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AutomaticTimeChange"];
            };
        };
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetTimeHistory: {
        parameters: {
            query: {
                /** @description The last 24 hours or the last 30 days. */
                span: "day" | "month";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TimeHistory"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The button. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Button"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChooseButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ButtonChoice"];
            };
        };
        responses: {
            /** @description The button. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Button"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetButtonLesson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was heard. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ButtonLesson"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LearnButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The NAS listens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ButtonLesson"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    EndButtonLesson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Stopped. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    TestButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The button. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Button"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    EndButtonTest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Presses act. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    EnableButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ButtonSwitch"];
            };
        };
        responses: {
            /** @description The button. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Button"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ShowDefaultPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DefaultPassword"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ListEvents: {
        parameters: {
            query?: {
                /** @description Only this area. */
                area?: components["parameters"]["LogArea"];
                /** @description Only this kind of entry. */
                kind?: components["parameters"]["LogKind"];
                /** @description Only what ended like this. */
                outcome?: components["parameters"]["LogOutcome"];
                /** @description Only what this account did, or what was done to it. */
                who?: components["parameters"]["LogWho"];
                /** @description Only from this moment on. */
                from?: components["parameters"]["LogFrom"];
                /** @description Only before this moment. */
                to?: components["parameters"]["LogTo"];
                /** @description Words that are all in the entry, in any case. */
                text?: components["parameters"]["LogText"];
                /** @description The `next` of the page before. */
                before?: string;
                /** @description Only entries that are newer: the `newest` of an earlier page. */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ClearEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cleared. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    PrepareExport: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExportValues"];
            };
        };
        responses: {
            /** @description Prepared. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    DownloadExport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetSyslog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Syslog"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    ChangeSyslog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SyslogValues"];
            };
        };
        responses: {
            /** @description The server. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Syslog"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    RemoveSyslog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    TestSyslog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SyslogValues"];
            };
        };
        responses: {
            /** @description What came of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyslogOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    GetAbout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["About"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalDefaultPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DefaultPassword"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalBeforeReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BeforeReset"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalRecover: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountName"];
            };
        };
        responses: {
            /** @description Recovered. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemporaryPassword"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalGetTime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Clocks and servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Time"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalGetNetwork: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The network. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Network"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalRestoreNetwork: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The network. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Network"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalListSessions: {
        parameters: {
            query?: {
                /** @description The `next` of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalSignUserOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountName"];
            };
        };
        responses: {
            /** @description Ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEnded"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalPressButton: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Press"];
            };
        };
        responses: {
            /** @description Released. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PressOutcome"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalLog: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One entry a line. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    LocalCheckLog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogCheck"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}
