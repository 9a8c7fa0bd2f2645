-- In the manner of issue trackers and web frameworks: microseconds, JSON, self references, binary ids.
CREATE TABLE auth_user (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  username varchar(150) NOT NULL UNIQUE,
  last_login datetime(6) NULL,
  is_active tinyint(1) NOT NULL,
  settings json DEFAULT NULL
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE django_content_type (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  app_label varchar(100) NOT NULL,
  model varchar(100) NOT NULL,
  UNIQUE KEY app_label_model (app_label, model)
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE issues (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token binary(16) NOT NULL,
  parent_id bigint DEFAULT NULL,
  author_id int NOT NULL,
  state enum('open','closed','won''t fix') NOT NULL DEFAULT 'open',
  labels set('bug','feature','a b') NOT NULL DEFAULT '',
  title varchar(255) NOT NULL,
  body mediumtext,
  estimate double DEFAULT NULL,
  closed bit(1) NOT NULL DEFAULT b'0',
  opened_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  title_length int GENERATED ALWAYS AS (char_length(title)) STORED,
  UNIQUE KEY token (token),
  KEY opened (opened_at DESC),
  KEY author_state (author_id, state),
  CONSTRAINT parent FOREIGN KEY (parent_id) REFERENCES issues (id) ON DELETE SET NULL,
  CONSTRAINT author FOREIGN KEY (author_id) REFERENCES auth_user (id)
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE schema_migrations (version varchar(255) NOT NULL PRIMARY KEY) DEFAULT CHARSET=latin1;
CREATE TABLE sessions (session_key varchar(40) NOT NULL, data longblob, KEY session_key (session_key));
CREATE VIEW open_issues AS SELECT i.id, i.title, u.username FROM issues i JOIN auth_user u ON u.id = i.author_id
  WHERE i.state <> 'won''t fix';
INSERT INTO auth_user (username, last_login, is_active, settings) VALUES ('ann', '2024-05-05 05:05:05.000005', 1, '{"a": [1, "é"]}'), ('bob', NULL, 0, NULL);
INSERT INTO django_content_type (app_label, model) VALUES ('auth', 'user'), ('auth', 'group');
INSERT INTO issues (token, author_id, labels, title, body, estimate, closed, opened_at) VALUES (x'000102030405060708090A0B0C0D0E0F', 1, 'bug,a b', 'First', NULL, 1.5, b'1', '2024-01-01 00:00:00.5'), (x'FF000000000000000000000000000000', 2, '', 'Zweite', 'text', NULL, b'0', '2024-01-02');
UPDATE issues SET parent_id = 1 WHERE id = 2;
INSERT INTO schema_migrations VALUES ('0001_initial');
INSERT INTO sessions VALUES ('k', x'00FF'), ('k', x'00FF'), ('l', NULL);
-- later
UPDATE issues SET state = 'won''t fix', title = 'Erste' WHERE id = 1;
DELETE FROM sessions LIMIT 1;
INSERT INTO sessions VALUES ('m', '');
ALTER TABLE auth_user MODIFY username varchar(254) NOT NULL;
UPDATE auth_user SET username = CONCAT(username, '@example.com');
